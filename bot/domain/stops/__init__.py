"""What stops a change: locks, freezes, holds, and until when."""

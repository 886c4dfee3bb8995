"""Who somebody is, which teams they are in, and what that lets them do."""

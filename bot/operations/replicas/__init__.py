"""Any number of processes on one database: who lives, who is missed, who does what for all."""

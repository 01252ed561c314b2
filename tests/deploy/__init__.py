"""Files for operators: alerts, units, containers: compared with the program that they run."""

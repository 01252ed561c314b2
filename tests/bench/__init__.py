"""`make bench`: how fast, against whom, with what memory. Figures are ratios of one machine in one run, not promises."""

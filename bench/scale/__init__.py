"""Scale on paper: what is measured (costs), what is supposed (workload), what follows by formula, and by simulation."""

"""Who does the jobs: each a process of its own, `python -m bench.contestants.WHO JOB URL`, that ends with
`{"rows": N, "start_cpu_s": S, "job_cpu_s": S}`: rows that it read, the processor time until it began, and the job's."""

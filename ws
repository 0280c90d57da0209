# Dagster's instance settings; copied into DAGSTER_HOME (var/dagster) by `make run` and `make ui`.
telemetry:
  enabled: false

# No newcomer's dialog over the graph: it asks for an e-mail address.
nux:
  enabled: false

# One DVC workspace is one host and one writer: a second run waits. Inside a run two stages go at once (executor.py).
concurrency:
  runs:
    max_concurrent_runs: 1

# Dagster's launcher, which can also tell whether a run's process lives.
run_launcher:
  module: dagster_project.launcher
  class: HostRunLauncher

run_monitoring:
  enabled: true
  poll_interval_seconds: 5
  start_timeout_seconds: 180
  cancel_timeout_seconds: 60

# What died with its worker, daemon or code server goes on by itself; a stage that failed waits for a person.
run_retries:
  enabled: true
  max_retries: 5
  retry_on_asset_or_op_failure: false

retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 7
      failure: 30
      success: 90

. /tmp/w/h/diet_tools/env.sh
export CPU_OUT=/tmp/w/h/diet_tools/quick
# order: folders of suspected weight first
exec nice -n 3 python -m pytest -q -m "not slow" -p cputime_plugin -p no:cacheprovider tests/dagster_project tests/curation tests/custody tests/training tests/commands tests/budget tests/intake tests/evaluation tests/tokens tests/gates tests/release tests/registry tests/launch tests/receipts tests/catalogue tests/corrections tests/tracking tests/assets tests/seams tests/samples tests/governance tests/smoke tests/*.py > /tmp/w/h/diet_tools/quick.log 2>&1

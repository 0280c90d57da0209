#!/bin/bash
#SBATCH --job-name=latamgpt-checkpoint-0c8eb1c641442359-1
#SBATCH --comment='stage=checkpoint key= identity=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef work=0c8eb1c641442359ea79da7169cdbe8f266554d9932e4469e1ce8594573ebb49 attempt=1'
#SBATCH --partition=gpu
#SBATCH --nodes=12
#SBATCH --ntasks-per-node=8
#SBATCH --cpus-per-task=24
#SBATCH --time=2880
#SBATCH --signal=B:USR1@900
#SBATCH --open-mode=append
#SBATCH --output=/shared/latamgpt/var/slurm/jobs/latamgpt-checkpoint-0c8eb1c641442359-1.log
#SBATCH --chdir=/shared/latamgpt
#SBATCH --export=ALL
#SBATCH --requeue
#SBATCH --exclusive
#SBATCH --mem=0
#SBATCH --gpus-per-node=8

owner=/shared/latamgpt/var/slurm/jobs/latamgpt-checkpoint-0c8eb1c641442359-1.owner
cancelled=/shared/latamgpt/var/slurm/jobs/latamgpt-checkpoint-0c8eb1c641442359-1.cancelled
failure=/shared/latamgpt/var/slurm/jobs/latamgpt-checkpoint-0c8eb1c641442359-1.failure.json
start=${SLURM_RESTART_COUNT:-0}
say() { echo "latamgpt: job $SLURM_JOB_ID, start $((start + 1)): $*"; }

# One job does this work. A second one that slipped in ends here.
echo "$SLURM_JOB_ID" >"$owner.$SLURM_JOB_ID"
ln "$owner.$SLURM_JOB_ID" "$owner" 2>/dev/null
rm -f "$owner.$SLURM_JOB_ID"
if [ "$(cat "$owner")" != "$SLURM_JOB_ID" ]; then
    say "job $(cat "$owner") does this work already"
    exit 75
fi

export CUBLAS_WORKSPACE_CONFIG=:4096:8
export FI_EFA_USE_HUGE_PAGE=0
export FI_PROVIDER=efa
export GOMP_SPINCOUNT=0
export HF_HUB_OFFLINE=1
export LATAMGPT_FAILURE=/shared/latamgpt/var/slurm/jobs/latamgpt-checkpoint-0c8eb1c641442359-1.failure.json
export MALLOC_MMAP_THRESHOLD_=8589934592
export MALLOC_TOP_PAD_=268435456
export MALLOC_TRIM_THRESHOLD_=17179869184
export MKL_NUM_THREADS=24
export NCCL_SOCKET_IFNAME='^docker,lo,veth'
export OMP_DYNAMIC=false
export OMP_NUM_THREADS=24
export OMP_WAIT_POLICY=passive
export PYTHONHASHSEED=0
export PYTHONWARNINGS=ignore::FutureWarning
export THP_MEM_ALLOC_ENABLE=1
export TOKENIZERS_PARALLELISM=false
export TORCHDYNAMO_DISABLE=1
export TQDM_DISABLE=1
export LD_LIBRARY_PATH=/opt/amazon/ofi-nccl/lib/x86_64-linux-gnu:/opt/amazon/efa/lib:${LD_LIBRARY_PATH:-}
export LATAMGPT_START=$start
unset LATAMGPT_PROGRESS
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export MASTER_ADDR

# Slurm tells this script that the time is nearly over; the ranks are told here, and save. Who is preempted is told by Slurm.
asked=
interrupted=
ranks=
code=85
drain() {
    asked=yes
    interrupted=yes
    say "the time is nearly over: the ranks are asked to save"
    if [ -n "$ranks" ]; then kill -USR1 "$ranks"; fi
}
trap drain USR1
trap 'interrupted=yes' TERM

for ((try = 0; try <= 3; try++)); do
    if [ -n "$asked" ]; then break; fi
    rm -f "$failure"
    export MASTER_PORT=$((20000 + (SLURM_JOB_ID * 131 + start * 17 + try) % 12000))
    say "ranks on $SLURM_JOB_NODELIST, port $MASTER_PORT"
    srun --wait=30 --kill-on-bad-exit=0 --cpus-per-task=24 --unbuffered bash -c \
        'export RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID WORLD_SIZE=$SLURM_NTASKS; exec "$@"' \
        rank /shared/latamgpt/.venv/bin/python -m latamgpt.training.worker /shared/latamgpt/var/resume/checkpoint/0123456789abcdef/job.json </dev/null &
    ranks=$!
    code=127
    interrupted=yes
    while [ -n "$interrupted" ]; do
        interrupted=
        wait "$ranks"
        now=$?
        if [ "$now" != 127 ]; then code=$now; fi
    done
    say "the ranks ended with exit code $code"
    if [ "$code" = 0 ] || [ -e "$failure" ] || [ -e "$cancelled" ]; then exit "$code"; fi
    if [ "$code" = 85 ]; then break; fi
done
if [ "$code" != 85 ] && [ -z "$asked" ]; then exit "$code"; fi

# They saved. A job that was cancelled, or that Slurm takes back by itself, is not RUNNING any more: it is left alone.
if [ "$start" -ge 100 ]; then
    say "was started $((start + 1)) times, which is all that the site allows"
    exit "$code"
fi
for ((look = 0; look < 60; look++)); do
    state=$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%T) && [ -n "$state" ] && break
    sleep 2
done
if [ "$state" != RUNNING ]; then exit "$code"; fi
say "asks to be started again"
scontrol requeue "$SLURM_JOB_ID" && sleep 300
exit "$code"

#!/bin/sh
# Breaks the code in each of the ways kept here, in a worktree of its own, and simulates until the
# break is found. Fails when one is not within 100 seeds.
#
#   cli/tests/broken/find.sh [name of a patch …]
set -eu
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
scratch=$(mktemp -d)
profile=${SCRIP_PROFILE:-dev}
case $profile in dev) folder=debug ;; *) folder=$profile ;; esac
# What does not change with the patch is built once.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export CARGO_TARGET_DIR
git -C "$root" worktree add --quiet --detach "$scratch/tree" HEAD
trap 'git -C "$root" worktree remove --force "$scratch/tree"; rm -rf "$scratch"' EXIT
cd "$scratch/tree"
[ $# -gt 0 ] || set -- "$root"/cli/tests/broken/*.patch
missed=0
for patch; do
    name=$(basename "$patch" .patch)
    git apply "$root/cli/tests/broken/$name.patch"
    # What is broken leaves code that is not used: its warnings are of no matter.
    cargo build --quiet --package scrip-cli --profile "$profile" 2>"$scratch/log" ||
        { cat "$scratch/log"; exit 1; }
    "$CARGO_TARGET_DIR/$folder/scrip" simulate --seeds 100 --operations 300 --jobs 2 --as-found >"$scratch/found" || :
    if grep -q '^WRONG' "$scratch/found"; then
        echo "$name: found"
        grep -E '^WRONG|^found by|^repeat with' "$scratch/found" | cut -c 1-300 | tail -n 4 | sed 's/^/    /'
    else
        echo "$name: NOT FOUND in 100 seeds"
        missed=1
    fi
    git checkout --quiet .
done
exit $missed

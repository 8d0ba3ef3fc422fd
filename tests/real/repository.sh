# shellcheck shell=sh
# A repository of its own: commits, a branch, a merge, packing. Everything that enters an object's name is fixed.
set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-02T00:00:00Z'
git init -q -b main repository
cd repository
i=1
while [ $i -le 40 ]; do
    seq $i 400 >file$i
    i=$((i + 1))
done
git add .
git commit -q -m 'First'
git checkout -q -b side
seq 500 >file1
git commit -q -a -m 'On the side'
git checkout -q main
git rm -q file7
echo more >>file9
git add file9
git commit -q -m 'Second'
git merge -q -m 'Merged' side
git log --stat --format='%H %an %s' | cat
git diff --shortstat HEAD~2
git gc -q
git fsck
git log -p --all >../log
git rev-parse HEAD no-such-branch

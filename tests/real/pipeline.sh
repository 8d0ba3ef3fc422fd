# shellcheck shell=bash
# Pipelines, subshells, a function, a here-document, a process in the background and a trap.
double() {
    local value=$1
    echo $((value * 2))
}
trap 'echo "bye"' EXIT
for ((i = 0; i < 300; i++)); do
    printf '%05d %s\n' "$(((i * 7919) % 1009))" "line $i"
done | sort -r | tee lines | grep -c 7
cut -d' ' -f1 <lines | sort -u | awk '{ sum += $1 } END { print sum }'
(
    declare -A seen
    while read -r number _; do seen[$number]=$(double "$((10#$number))"); done < <(head -20 lines)
    for number in "${!seen[@]}"; do echo "$number ${seen[$number]}"; done | sort
)
cat <<END >message
a message of $(wc -l <lines) lines
END
gzip -n -k lines &
wait $!
cat message
cat missing
exit 5

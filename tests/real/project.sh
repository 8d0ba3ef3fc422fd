# shellcheck shell=sh
# Writes a project of 20 C files and a Makefile.
i=1
while [ $i -le 20 ]; do
    echo "int part$i(int n) { int sum = 0; for (int k = 0; k < n; k++) sum += k * $i; return sum; }" >part$i.c
    i=$((i + 1))
done
{
    i=1
    echo '#include <stdio.h>'
    while [ $i -le 20 ]; do
        echo "int part$i(int n);"
        i=$((i + 1))
    done
    echo 'int main(void) { int sum = 0;'
    i=1
    while [ $i -le 20 ]; do
        echo "sum += part$i($i);"
        i=$((i + 1))
    done
    echo 'printf("%d", sum); return 0; }'
} >main.c
cat >Makefile <<'END'
objects := main.o $(patsubst %,part%.o,$(shell seq 20))
sum: $(objects)
	@gcc -o $@ $^ && ./$@ >result
%.o: %.c
	@gcc -O1 -c -o $@ $<
END

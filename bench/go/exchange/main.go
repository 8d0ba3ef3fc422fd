// Calls from Go to C that allocate, and as many that free: prints how long a pair took.
package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

func processorTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	pairs, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	begin, beginTime := time.Now(), processorTime()
	for i := 0; i < pairs; i++ {
		C.free(C.malloc(C.size_t(16 + i%256)))
	}
	took, tookTime := time.Since(begin), processorTime()-beginTime
	fmt.Printf("exchange: %.1f ns per pair, %.1f ns of processor time\n", float64(took.Nanoseconds())/float64(pairs),
		float64(tookTime)/float64(pairs))
}

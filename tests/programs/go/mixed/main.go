// Leaks one block in C that Go called, on the way that the argument names, and prints what the Go runtime itself says
// of the way: "way" and the functions, innermost first. With "wander" many on many ways, each of a size that tells its way.
package main

/*
#cgo LDFLAGS: -pthread
#include <pthread.h>
#include <stdlib.h>

extern void calledBack(int again);
extern void wander(int level);

static __attribute__((noinline)) void *leak_in_c(size_t bytes) {
	void *volatile block = malloc(bytes);
	return block;
}
static __attribute__((noinline)) void call_back(int again) {
	calledBack(again);
	__asm__ volatile("");
}
static __attribute__((noinline)) void wander_in_c(int level) {
	wander(level);
	__asm__ volatile("");
}
static void *c_thread(void *again) {
	calledBack((int)(long)again);
	return NULL;
}
static void on_c_thread(int again) {
	pthread_t thread;
	if (pthread_create(&thread, NULL, c_thread, (void *)(long)again) == 0)
		pthread_join(thread, NULL);
}
*/
import "C"

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

var before func() // what happens in the innermost function before it leaks

//go:noinline
func leak() {
	if before != nil {
		before()
	}
	C.leak_in_c(1000)
	pcs := make([]uintptr, 200)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	fmt.Print("way")
	for {
		frame, more := frames.Next()
		fmt.Print(" ", frame.Function)
		if !more {
			break
		}
	}
	fmt.Println()
}

//export calledBack
func calledBack(again C.int) {
	if again > 0 {
		C.call_back(again - 1)
	} else {
		leak()
	}
}

type cache struct{ depth int }

//go:noinline
func (c *cache) put() {
	if c.depth > 0 {
		c.depth--
		c.put()
	} else {
		c.fill()
	}
}

func (c *cache) fill() { leak() } // inlined

// Makes the goroutine's stack move: it begins with a few kilobytes.
//
//go:noinline
func grow(n int) byte {
	var large [1000]byte
	if n == 0 {
		return large[n]
	}
	large[n%1000] = grow(n - 1)
	return large[0]
}

const (
	levels      = 4
	steps       = 10
	levelBytes  = 100
	wanderers   = 8
	wanderTimes = 60
)

// At each level a random number of calls deep, with the goroutine's stack moved now and then: leaks a block whose size says where.
//
//go:noinline
func descend(left, way, level int) {
	if left > 0 {
		descend(left-1, way, level)
		return
	}
	grow(rand.Intn(100))
	C.leak_in_c(C.size_t(1 + level*levelBytes + way))
	if level+1 < levels {
		C.wander_in_c(C.int(level + 1))
		C.leak_in_c(C.size_t(1 + level*levelBytes + way))
	}
}

//export wander
func wander(level C.int) {
	way := rand.Intn(steps)
	descend(way, way, int(level))
}

func wanderAll() {
	debug.SetGCPercent(10)
	var done sync.WaitGroup
	for i := 0; i < wanderers; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for j := 0; j < wanderTimes; j++ {
				_ = make([]byte, 10000)
				wander(0)
			}
		}()
	}
	done.Wait()
}

func onGoroutine(work func()) {
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		work()
	}()
	done.Wait()
}

func main() {
	moved := func() { grow(1000) }
	switch os.Args[1] {
	case "plain":
		(&cache{3}).put()
	case "goroutine":
		onGoroutine((&cache{}).put)
	case "callback":
		C.call_back(0)
	case "nested":
		onGoroutine(func() { C.call_back(3) })
	case "moved":
		before = moved
		onGoroutine(func() { C.call_back(1) })
	case "wander":
		wanderAll()
	case "c_thread":
		C.on_c_thread(2)
	case "c_thread_moved":
		before = moved
		C.on_c_thread(0)
	case "deferred":
		defer func() {
			recover()
			leak()
		}()
		panic("on purpose")
	}
}

// Blocks of C that Go holds, or held. The first argument names where, the second how the program ends: "exit" with status 3,
// "return", "panic", "fatal", "term" (by SIGTERM), "fault" (a wild pointer in C). Each block is of 1,000 bytes if something
// holds it, and of 500 if nothing does.
package main

/*
#cgo LDFLAGS: -pthread
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static __attribute__((noinline)) void *make_held(void) {
	void *block = malloc(1000);
	return block;
}

// Deep below what the thread calls next, also when it waits for the next goroutine, so that no frame has an old word of it.
static __attribute__((noinline)) void make_into(void **slot) {
	volatile char below[1 << 15];
	below[0] = 0;
	*slot = malloc(500);
}

static __attribute__((noinline)) void make_lost(void) {
	void *slot;
	make_into(&slot);
	*(void *volatile *)&slot = NULL;
}

extern void endInCallback(void);
extern void waitInCallback(void);

static __attribute__((noinline)) void use(void *volatile *block) {
	*(volatile char *)*block = 1;
}

// Only a frame of C holds it while Go runs further in.
static void hold_and_end(void) {
	void *volatile block = malloc(1000);
	endInCallback();
	use(&block);
}

static void hold_and_wait(void) {
	void *volatile block = malloc(1000);
	waitInCallback();
	use(&block);
}

static void *thread_of_c(void *unused) {
	hold_and_wait();
	return unused;
}

static void start_thread_of_c(void) {
	pthread_t thread;
	if (pthread_create(&thread, NULL, thread_of_c, NULL) == 0)
		pthread_detach(thread);
}

static void wait_for_ever(void) {
	for (;;)
		pause();
}

static void fault(void) {
	*(volatile int *)8 = 0;
}
*/
import "C"

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type holder struct {
	next  *holder
	block unsafe.Pointer
}

var (
	global  unsafe.Pointer
	holders *holder
	array   []unsafe.Pointer
	sink    []byte
)

func onHeap() {
	holders = &holder{&holder{nil, C.make_held()}, nil}
}

func inGlobal() {
	global = C.make_held()
}

// Only its own stack holds it while the goroutine waits.
//
//go:noinline
func waitWith(block unsafe.Pointer, wait func()) {
	wait()
	*(*byte)(block) = 1
}

func parked() {
	ready, never := make(chan bool), make(chan bool)
	go func() {
		waitWith(C.make_held(), func() {
			ready <- true
			<-never
		})
	}()
	<-ready
	for runtime.NumGoroutine() < 2 {
		runtime.Gosched()
	}
}

func manyInC() {
	const threads = 1000
	var ready sync.WaitGroup
	for i := 0; i < threads; i++ {
		ready.Add(1)
		go func() {
			C.make_lost()
			waitWith(C.make_held(), func() {
				ready.Done()
				C.wait_for_ever()
			})
		}()
	}
	ready.Wait()
}

// It gives way to main, which ends the program: it is ready and never runs again.
func neverRunsAgain() {
	runtime.GOMAXPROCS(1)
	started := false
	go func() {
		waitWith(C.make_held(), func() {
			started = true
			runtime.Gosched()
		})
		panic("ran again")
	}()
	for !started {
		runtime.Gosched()
	}
}

func neverStarts() {
	runtime.GOMAXPROCS(1)
	go waitWith(C.make_held(), func() { panic("started") })
}

//export endInCallback
func endInCallback() {
	fmt.Println("done")
	end(os.Args[2])
}

var inCallback = make(chan bool)

// Others run Go code on the thread meanwhile, if it is Go's, and there is one processor only.
//
//export waitInCallback
func waitInCallback() {
	inCallback <- true
	select {}
}

func callbackWaits() {
	go C.hold_and_wait()
	<-inCallback
}

func threadOfC() {
	C.start_thread_of_c()
	<-inCallback
}

func lost() {
	for i := 0; i < 1000; i++ {
		C.make_lost()
	}
}

// Its pages go back to the system, and with them the only pointers, but for what processors keep for their next allocations,
// which is lowest. A freed object that is smaller keeps its words until it is reused.
//
//go:noinline
func fill() {
	const top = 3 << 18
	array = make([]unsafe.Pointer, 1<<20)
	for i := top; i < len(array); i += 2000 {
		C.make_into(&array[i])
	}
}

func collected() {
	fill()
	array = nil
	debug.FreeOSMemory()
}

func overwritten() {
	for i := 0; i < 100; i++ {
		C.make_into(&global)
	}
	global = nil
}

// The runtime interrupts goroutines that run long by SIGURG: one a thread, all the time.
func preempted() {
	for i := 0; i < 4; i++ {
		go func() {
			for {
				sink = make([]byte, 1000)
			}
		}()
	}
	urgent := make(chan os.Signal, 1)
	signal.Notify(urgent, syscall.SIGURG)
	for i := 0; i < 1000; i++ {
		C.make_lost()
		global = C.make_held()
		if i+1 < 1000 {
			C.free(global)
		}
		if i%100 == 0 {
			runtime.GC()
		}
	}
	<-urgent
}

func end(how string) {
	switch how {
	case "exit":
		os.Exit(3)
	case "panic":
		panic("on purpose")
	case "fatal":
		log.Fatal("on purpose")
	case "term":
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		time.Sleep(time.Hour)
	case "fault":
		C.fault()
	}
}

func main() {
	if processors, err := strconv.Atoi(os.Getenv("PROCESSORS")); err == nil {
		runtime.GOMAXPROCS(processors)
	}
	map[string]func(){
		"heap": onHeap, "global": inGlobal, "parked": parked, "in_c": manyInC, "never_again": neverRunsAgain,
		"never_starts": neverStarts, "lost": lost, "collected": collected, "overwritten": overwritten,
		"preempted":     preempted,
		"callback_ends": func() { C.hold_and_end() }, "callback_waits": callbackWaits, "thread_of_c": threadOfC,
	}[os.Args[1]]()
	fmt.Println("done")
	end(os.Args[2])
}

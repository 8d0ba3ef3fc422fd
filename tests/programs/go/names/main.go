// Functions of every kind of name that Go has. Each leaks a block of a size of its own, and prints that size with the
// functions and lines on the way there, as Go's runtime tells them.
package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"runtime"
	"strings"
)

var size int

//go:noinline
func leak() {
	size++
	C.malloc(C.size_t(size))
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	fmt.Print(size)
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			fmt.Printf(" %s:%d", frame.Function, frame.Line)
		}
	}
	fmt.Println()
}

type cache[K comparable, V any] struct{ values map[K]V }

//go:noinline
func (c *cache[K, V]) put(key K, value V) {
	leak()
	c.values[key] = value
}

//go:noinline
func apply[T, U any](values []T, change func(T) U) (changed []U) {
	for _, value := range values {
		changed = append(changed, change(value))
	}
	return
}

type thing struct{ name string }

//go:noinline
func (t *thing) byPointer() { leak() }

//go:noinline
func (t thing) byValue() { leak() }

type whole struct{ thing }

type doer interface{ byValue() }

func inlined() { leak() }

func inlinedTwice() {
	inlined()
}

//go:noinline
func closure() func() {
	n := size
	return func() {
		func() {
			leak()
			n++
		}()
	}
}

//go:noinline
func deferred() {
	defer func() { leak() }()
}

var initialized = func() int { leak(); return 1 }()

func init() {
	leak()
}

func main() {
	c := &cache[string, int]{map[string]int{}}
	c.put("a", 1)
	apply([]int{1}, func(int) string { leak(); return "" })
	t := &whole{thing{"a"}}
	t.byPointer()
	var d doer = t
	d.byValue()
	bound := t.byPointer
	bound()
	inlined()
	inlinedTwice()
	closure()()
	deferred()
	done := make(chan bool)
	go func() {
		leak()
		close(done)
	}()
	<-done
}

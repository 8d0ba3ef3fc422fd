// A plain HTTP server: writes its address into the file that the argument names, answers until it is asked for /quit, and
// prints how much processor time it took for a request.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
)

func processorTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var answered, begin int64
	quit := make(chan bool)
	http.HandleFunc("/begin", func(http.ResponseWriter, *http.Request) {
		atomic.StoreInt64(&answered, 0)
		atomic.StoreInt64(&begin, processorTime())
	})
	http.HandleFunc("/quit", func(http.ResponseWriter, *http.Request) {
		close(quit)
	})
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		n := atomic.AddInt64(&answered, 1)
		fmt.Fprintf(answer, "Hello, number %d of %s\n", n, request.URL.Path)
	})
	// Whoever reads the file finds it whole.
	if err := os.WriteFile(os.Args[1]+".new", []byte(listener.Addr().String()), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(os.Args[1]+".new", os.Args[1]); err != nil {
		panic(err)
	}
	go http.Serve(listener, nil)
	<-quit
	fmt.Printf("%.1f ns of processor time a request\n",
		float64(processorTime()-atomic.LoadInt64(&begin))/float64(atomic.LoadInt64(&answered)))
}

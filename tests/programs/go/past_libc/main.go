// What Go does by system calls of its own, past libc, so that nobody sees it happen: the argument names what is left open or mapped,
// the second how often, the third a file to do it with.
package main

/*
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int open_in_c(void) {
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int close_in_c(int fd) {
	return close(fd);
}
*/
import "C"

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

var kept []interface{} // no finalizer closes what is here

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func openFile() {
	file, err := os.Open(os.Args[3])
	must(err)
	kept = append(kept, file)
}

// Connections to a server in the same process: the half of them that the server accepted is open as well.
func dialer() func() {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	kept = append(kept, server)
	fmt.Println("serves", server.Addr().(*net.TCPAddr).Port)
	return func() {
		client, err := net.Dial("tcp", server.Addr().String())
		must(err)
		accepted, err := server.Accept()
		must(err)
		kept = append(kept, client, accepted)
	}
}

func mapFile() {
	fd, err := syscall.Open(os.Args[3], syscall.O_RDONLY, 0)
	must(err)
	at, err := syscall.Mmap(fd, 0, 8192, syscall.PROT_READ, syscall.MAP_PRIVATE)
	must(err)
	must(syscall.Close(fd))
	kept = append(kept, at)
}

func mapAnonymous() {
	at, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	must(err)
	at[0] = 1
	kept = append(kept, at)
}

func watch() {
	fd, err := syscall.InotifyInit()
	must(err)
	_, err = syscall.InotifyAddWatch(fd, "/", syscall.IN_CREATE)
	must(err)
}

// Opened in one language and closed in the other: nothing is left.
func closeInGo() {
	must(syscall.Close(int(C.open_in_c())))
}

// The same number is a socket's afterwards.
func reuse() {
	fd := int(C.open_in_c())
	must(syscall.Close(fd))
	again, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	if again != fd {
		panic("another number")
	}
}

func closeInC() {
	fd, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	must(err)
	if C.close_in_c(C.int(fd)) != 0 {
		panic("not open")
	}
}

func main() {
	works := map[string]func(){
		"files": openFile, "mapped_files": mapFile, "mapped_memory": mapAnonymous, "watches": watch,
		"closed_in_go": closeInGo, "closed_in_c": closeInC, "reused": reuse,
	}
	work := works[os.Args[1]]
	if os.Args[1] == "sockets" {
		work = dialer()
	}
	times, err := strconv.Atoi(os.Args[2])
	must(err)
	for i := 0; i < times; i++ {
		work()
	}
	fmt.Println("done")
	os.Exit(3)
}

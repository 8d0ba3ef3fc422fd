// Puts the server under load: FILE holds its address, once it is there; so many REQUESTS over so many CONNECTIONS that stay open,
// each of which waits for an answer before it asks again. Prints how many were answered a second, and ends the server.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const patience = time.Minute // for the server to be there

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func number(word string) int {
	n, err := strconv.Atoi(word)
	check(err)
	return n
}

func addressIn(file string) string {
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if err == nil {
			check(os.Remove(file))
			return string(text)
		}
		if time.Since(begin) > patience {
			check(err)
		}
	}
}

type connection struct {
	net.Conn
	answers *bufio.Reader
}

func dial(address string) connection {
	to, err := net.Dial("tcp", address)
	check(err)
	return connection{to, bufio.NewReader(to)}
}

func (to connection) ask(path string) {
	_, err := io.WriteString(to, "GET "+path+" HTTP/1.1\r\nHost: bench\r\n\r\n")
	check(err)
	answer, err := http.ReadResponse(to.answers, nil)
	check(err)
	_, err = io.Copy(io.Discard, answer.Body)
	check(err)
	if answer.StatusCode != http.StatusOK {
		check(fmt.Errorf("%s: %s", path, answer.Status))
	}
}

func load(address string, requests int, connections int) time.Duration {
	begin := time.Now()
	var done sync.WaitGroup
	for i := 0; i < connections; i++ {
		done.Add(1)
		go func() {
			to := dial(address)
			for n := 0; n < requests/connections; n++ {
				to.ask("/some/page")
			}
			to.Close()
			done.Done()
		}()
	}
	done.Wait()
	return time.Since(begin)
}

func main() {
	address, requests, connections := addressIn(os.Args[1]), number(os.Args[2]), number(os.Args[3])
	load(address, requests/10, connections) // so that it has its threads, and its heap is as large as it gets
	to := dial(address)
	to.ask("/begin")
	took := load(address, requests, connections)
	fmt.Printf("\"GET\",\"%.1f\"\n", float64(requests)/took.Seconds())
	to.ask("/quit")
}

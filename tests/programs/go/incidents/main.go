// What users of Go write about: native memory, mappings and descriptors that Go's own tools don't show. The argument names the
// incident, the second one how often (the default is what the report must say). Prints "done" at the end.
package main

/*
#cgo LDFLAGS: -ljpeg
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <unistd.h>
#include <jpeglib.h>

// A codec that takes a work area for each frame and never gives it back.
static void *codec_frame(void) {
	return malloc(1 << 20);
}

// An imaging library that maps each picture.
static void *image_open(void) {
	return mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static void *file_map(const char *path) {
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return at;
}

static int device_open(void) {
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int watch_folder(const char *path) {
	int fd = inotify_init1(IN_CLOEXEC);
	inotify_add_watch(fd, path, IN_CREATE);
	return fd;
}

// A log that grows: what is written stays in the kernel's page cache, which the control group is charged with.
static int log_write(const char *path, int mebibytes) {
	static char text[1 << 20];
	FILE *log = fopen(path, "w");
	int wrong = log == NULL;
	for (int i = 0; i < mebibytes && !wrong; i++)
		wrong = fwrite(text, 1, sizeof text, log) != sizeof text;
	return log == NULL || fclose(log) || wrong;
}

// Sets a decompressor up, as for a picture, and gives it up without jpeg_destroy_decompress.
static void decode_picture(void) {
	struct jpeg_decompress_struct picture;
	struct jpeg_error_mgr errors;
	picture.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&picture);
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

func writeLabels(n int) {
	for i := 0; i < n; i++ {
		label(i)
	}
}

// The text is C's and needs C.free.
//
//go:noinline
func label(i int) byte {
	text := C.CString(fmt.Sprintf("label %04d", i))
	return *(*byte)(unsafe.Pointer(text))
}

type codec struct{ frames int }

//go:noinline
func (c *codec) Decode() {
	C.codec_frame()
	c.frames++
}

func decodeFrames(n int) {
	var c codec
	for i := 0; i < n; i++ {
		c.Decode()
	}
}

func openImages(n int) {
	for i := 0; i < n; i++ {
		C.image_open()
	}
}

func mapFiles(n int) {
	path := C.CString(os.Args[0])
	defer C.free(unsafe.Pointer(path))
	for i := 0; i < n; i++ {
		C.file_map(path)
	}
}

func openDevices(n int) {
	for i := 0; i < n; i++ {
		C.device_open()
	}
}

func watchFolders(n int) {
	path := C.CString("/")
	defer C.free(unsafe.Pointer(path))
	for i := 0; i < n; i++ {
		C.watch_folder(path)
	}
}

func decodePictures(n int) {
	for i := 0; i < n; i++ {
		C.decode_picture()
	}
}

// A million blocks of 1 to 2 KiB in and out, a few left between them: the allocator keeps the pages.
func fragment(n int) {
	const window = 20000
	blocks := make([]unsafe.Pointer, window)
	for i := 0; i < n; i++ {
		at := i % window
		if at%100 != 0 || blocks[at] == nil {
			C.free(blocks[at])
			blocks[at] = C.malloc(C.size_t(1024 + i*37%1024))
		}
	}
	for at, block := range blocks {
		if at%100 != 0 {
			C.free(block)
		}
	}
	runtime.KeepAlive(blocks)
}

// The group's memory grows, the program's does not. The log is beside the program.
func writeLog(n int) {
	path := C.CString(os.Args[0] + ".log")
	if C.log_write(path, C.int(n)) != 0 {
		panic("the log can't be written")
	}
	C.free(unsafe.Pointer(path))
}

// Goroutines parked in C calls, each on a thread of its own, when the program ends.
func parkInC(n int) {
	var parked sync.WaitGroup
	for i := 0; i < n; i++ {
		parked.Add(1)
		go func() {
			C.free(C.malloc(100))
			parked.Done()
			C.sleep(1000)
		}()
	}
	parked.Wait()
}

// Calls that allocate and free, as a benchmark: prints how long one took.
func exchange(n int) {
	begin := time.Now()
	for i := 0; i < n; i++ {
		C.free(C.malloc(C.size_t(16 + i%256)))
	}
	fmt.Printf("%d ns a pair\n", time.Since(begin).Nanoseconds()/int64(n))
}

func main() {
	incidents := map[string]struct {
		work  func(int)
		times int
	}{
		"labels":   {writeLabels, 10000},
		"frames":   {decodeFrames, 10000},
		"images":   {openImages, 100},
		"files":    {mapFiles, 1000},
		"devices":  {openDevices, 100},
		"watches":  {watchFolders, 50},
		"pictures": {decodePictures, 100},
		"fragment": {fragment, 1000000},
		"log":      {writeLog, 64},
		"park":     {parkInC, 1000},
		"exchange": {exchange, 1000000},
	}
	incident := incidents[os.Args[1]]
	times := incident.times
	if len(os.Args) > 2 {
		times, _ = strconv.Atoi(os.Args[2])
	}
	incident.work(times)
	fmt.Println("done")
	os.Exit(3)
}

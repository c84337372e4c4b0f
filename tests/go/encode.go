// Writes events as the original tool does: encoding/json of the struct of S0-32.
//
// Standard input has one case a line (see ../vectors/README.md), standard output the line that
// each of them is written as. `go run encode.go version` prints the version of Go.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

type wireEvent struct {
	Type    string      `json:"type"`
	Time    time.Time   `json:"time"`
	Unit    string      `json:"unit,omitempty"`
	Task    *int        `json:"task,omitempty"`
	PR      *int        `json:"pr,omitempty"`
	Payload interface{} `json:"payload,omitempty"`
	Error   string      `json:"error,omitempty"`
}

type orchStarted struct {
	UnitCount   int    `json:"unit_count"`
	Parallelism int    `json:"parallelism"`
	Graph       *graph `json:"graph,omitempty"`
}

type graph struct {
	Nodes  []node     `json:"nodes"`
	Edges  []edge     `json:"edges"`
	Levels [][]string `json:"levels"`
}

type node struct {
	ID    string `json:"id"`
	Level int    `json:"level"`
}

type edge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type logLine struct {
	Content string `json:"content"`
	N       uint64 `json:"n"`
}

type testCase struct {
	Type  string `json:"type"`
	Time  string `json:"time"`
	Unit  string `json:"unit"`
	Task  *int   `json:"task"`
	PR    *int   `json:"pr"`
	Error string `json:"error"`

	// Every character of a range, as the unit.
	Chars []rune `json:"chars"`

	// At most one of these, the payload.
	Raw     *string      `json:"raw"`
	Value   interface{}  `json:"value"`
	Float64 []string     `json:"float64"`
	Float32 []string     `json:"float32"`
	Started *orchStarted `json:"started"`
	Log     *logLine     `json:"log"`
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println(runtime.Version())
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	decoder := json.NewDecoder(in)
	for decoder.More() {
		var c testCase
		check(decoder.Decode(&c))
		line, err := json.Marshal(c.event())
		check(err)
		out.Write(append(line, '\n'))
	}
}

func (c *testCase) event() wireEvent {
	at, err := time.Parse(time.RFC3339Nano, c.Time)
	check(err)
	event := wireEvent{Type: c.Type, Time: at, Unit: c.Unit, Task: c.Task, PR: c.PR, Error: c.Error}
	switch {
	case c.Raw != nil:
		event.Payload = json.RawMessage(*c.Raw)
	case c.Value != nil:
		event.Payload = c.Value
	case c.Float64 != nil:
		event.Payload = floats64(c.Float64)
	case c.Float32 != nil:
		event.Payload = floats32(c.Float32)
	case c.Started != nil:
		event.Payload = c.Started
	case c.Log != nil:
		event.Payload = c.Log
	}
	if c.Chars != nil {
		var unit strings.Builder
		for char := c.Chars[0]; char <= c.Chars[1]; char++ {
			if char < 0xD800 || char > 0xDFFF {
				unit.WriteRune(char)
			}
		}
		event.Unit = unit.String()
	}
	return event
}

func floats64(bits []string) (floats []float64) {
	for _, text := range bits {
		n, err := strconv.ParseUint(text, 16, 64)
		check(err)
		floats = append(floats, math.Float64frombits(n))
	}
	return
}

func floats32(bits []string) (floats []float32) {
	for _, text := range bits {
		n, err := strconv.ParseUint(text, 16, 32)
		check(err)
		floats = append(floats, math.Float32frombits(uint32(n)))
	}
	return
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

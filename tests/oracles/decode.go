// Says what encoding/json makes of each line of standard input: {value, event, typed}, which are the line
// as any value, as a struct, and its payload as the struct of its type; or "!" and why not.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"time"
)

type event struct {
	Type    string          `json:"type"`
	Time    *time.Time      `json:"time,omitempty"`
	Unit    string          `json:"unit,omitempty"`
	Task    *int            `json:"task,omitempty"`
	PR      *int            `json:"pr,omitempty"`
	Error   string          `json:"error,omitempty"`
	Run     string          `json:"run,omitempty"`
	Seq     *uint64         `json:"seq,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
	// What readers take for time and payload.
	Timestamp *time.Time      `json:"timestamp,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
}

type graph struct {
	Nodes []struct {
		ID             string   `json:"id"`
		Level          *uint32  `json:"level,omitempty"`
		Label          *string  `json:"label,omitempty"`
		Status         *string  `json:"status,omitempty"`
		Tasks          *uint32  `json:"tasks,omitempty"`
		CompletedTasks *uint32  `json:"completed_tasks,omitempty"`
		DependsOn      []string `json:"depends_on,omitempty"`
	} `json:"nodes"`
	Edges []struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"edges"`
	Levels [][]string `json:"levels"`
}

type orchStarted struct {
	UnitCount   uint32 `json:"unit_count"`
	Parallelism uint32 `json:"parallelism"`
	Graph       *graph `json:"graph,omitempty"`
}

type unitStarted struct {
	TotalTasks     *uint32 `json:"total_tasks,omitempty"`
	CompletedTasks *uint32 `json:"completed_tasks,omitempty"`
}

type taskStarted struct {
	Name    *string `json:"name,omitempty"`
	Title   *string `json:"title,omitempty"`
	Attempt *uint32 `json:"attempt,omitempty"`
	Command *string `json:"command,omitempty"`
}

type taskProgress struct {
	Done    uint64  `json:"done"`
	Total   *uint64 `json:"total,omitempty"`
	Message *string `json:"message,omitempty"`
}

type prCreated struct {
	URL    *string `json:"url,omitempty"`
	Title  *string `json:"title,omitempty"`
	Branch *string `json:"branch,omitempty"`
	Target *string `json:"target,omitempty"`
}

type usage struct {
	InputTokens  uint64  `json:"input_tokens"`
	OutputTokens uint64  `json:"output_tokens"`
	CostUSD      float64 `json:"cost_usd"`
	CacheRead    *uint64 `json:"cache_read_input_tokens,omitempty"`
	CacheCreated *uint64 `json:"cache_creation_input_tokens,omitempty"`
	Model        *string `json:"model,omitempty"`
}

type diffFile struct {
	File      string  `json:"file"`
	Diff      string  `json:"diff"`
	Status    *string `json:"status,omitempty"`
	OldFile   *string `json:"old_file,omitempty"`
	Additions *uint32 `json:"additions,omitempty"`
	Deletions *uint32 `json:"deletions,omitempty"`
	Binary    bool    `json:"binary,omitempty"`
	Truncated bool    `json:"truncated,omitempty"`
}

type logLine struct {
	Content string `json:"content"`
	N       uint64 `json:"n"`
}

type linkLost struct {
	From   uint64            `json:"from"`
	To     uint64            `json:"to"`
	Count  uint64            `json:"count"`
	Bytes  uint64            `json:"bytes"`
	ByType map[string]uint64 `json:"by_type,omitempty"`
	Reason string            `json:"reason"`
}

func payloadOf(kind string) interface{} {
	switch {
	case kind == "orch.started":
		return &orchStarted{}
	case kind == "graph":
		return &graph{}
	case kind == "unit.started":
		return &unitStarted{}
	case kind == "task.started":
		return &taskStarted{}
	case kind == "task.progress":
		return &taskProgress{}
	case kind == "pr.created":
		return &prCreated{}
	case kind == "task.usage":
		return &usage{}
	case kind == "diff.file":
		return &diffFile{}
	case strings.HasPrefix(kind, "log."):
		return &logLine{}
	case kind == "link.lost":
		return &linkLost{}
	}
	return nil
}

type reading struct {
	Value interface{} `json:"value"`
	Event *event      `json:"event"`
	// Null if the type has none, a string if it does not fit.
	Typed interface{} `json:"typed"`
}

func read(line []byte) (r reading, err error) {
	if err = json.Unmarshal(line, &r.Value); err != nil {
		return
	}
	if err = json.Unmarshal(line, &r.Event); err != nil {
		return
	}
	if r.Event.Timestamp != nil {
		r.Event.Time, r.Event.Timestamp = r.Event.Timestamp, nil
	}
	if r.Event.Data != nil {
		r.Event.Payload, r.Event.Data = r.Event.Data, nil
	}
	if typed := payloadOf(r.Event.Type); typed != nil && r.Event.Payload != nil {
		r.Typed = typed
		if err := json.Unmarshal(r.Event.Payload, typed); err != nil {
			r.Typed = err.Error()
		}
	}
	return
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	in.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		for i, b := range data {
			if b == '\n' {
				return i + 1, data[:i], nil
			}
		}
		return 0, nil, nil
	})
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		r, err := read(in.Bytes())
		said, encodeErr := json.Marshal(r)
		if err == nil {
			err = encodeErr
		}
		if err != nil {
			said = []byte("!" + strings.ReplaceAll(err.Error(), "\n", " "))
		}
		out.Write(append(said, '\n'))
	}
}

// A hub on the Go SignalR server, for our Python client to talk to. Prints its address, serves until stdin closes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/philippseith/signalr"
)

// Parcel is a structured argument and result.
type Parcel struct {
	Name   string  `json:"name" msgpack:"name"`
	Weight float64 `json:"weight" msgpack:"weight"`
}

type interopHub struct {
	signalr.Hub
}

func (h *interopHub) Echo(value string) string { return value }

func (h *interopHub) Add(left, right int) int { return left + right }

func (h *interopHub) Nothing() {}

func (h *interopHub) Weigh(parcel Parcel, times int) Parcel {
	return Parcel{Name: parcel.Name, Weight: parcel.Weight * float64(times)}
}

func (h *interopHub) Slow(value string) <-chan string {
	result := make(chan string)
	go func() {
		defer close(result)
		time.Sleep(20 * time.Millisecond)
		result <- value
	}()
	return result
}

func (h *interopHub) Fail() { panic("the hub method failed") }

func (h *interopHub) Count(number int) <-chan int {
	items := make(chan int)
	go func() {
		defer close(items)
		for item := 0; item < number; item++ {
			items <- item
		}
	}()
	return items
}

func (h *interopHub) Concat(prefix string, parts <-chan string) <-chan string {
	result := make(chan string, 1)
	go func() {
		defer close(result)
		var text strings.Builder
		text.WriteString(prefix)
		for part := range parts {
			text.WriteString(part)
		}
		result <- text.String()
	}()
	return result
}

func (h *interopHub) Subtract(left, right <-chan int) <-chan int {
	result := make(chan int, 1)
	go func() {
		defer close(result)
		total := 0
		for value := range left {
			total += value
		}
		for value := range right {
			total -= value
		}
		result <- total
	}()
	return result
}

func (h *interopHub) Announce(times int) {
	for number := 0; number < times; number++ {
		h.Clients().Caller().Send("Number", number)
	}
}

func (h *interopHub) JoinGroup(group string) { h.Groups().AddToGroup(group, h.ConnectionID()) }

func (h *interopHub) ToGroup(group, text string) { h.Clients().Group(group).Send("Said", text) }

func (h *interopHub) HangUp() { h.Abort() }

func serve() error {
	server, err := signalr.NewServer(
		context.Background(),
		signalr.SimpleHubFactory(&interopHub{}),
		signalr.KeepAliveInterval(2*time.Second),
		signalr.EnableDetailedErrors(true),
		signalr.MaximumReceiveMessageSize(4<<20),
		signalr.Logger(log.NewLogfmtLogger(os.Stderr), false),
	)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	router := http.NewServeMux()
	server.MapHTTP(signalr.WithHTTPServeMux(router), "/hub")
	fmt.Printf("listening on http://%s\n", listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if err = http.Serve(listener, router); errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

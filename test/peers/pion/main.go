// An SCTP peer over UDP (RFC 6951) with pion/sctp, which uses SCTP port 5000 on both sides.
//
//	peer client LOCAL REMOTE COUNT   sends COUNT messages of many sizes, expects each back, in order, and ends
//	peer server LOCAL REMOTE COUNT   sends back COUNT messages, then waits for the other side to end
//
// Prints "ok", or what was wrong, and then exits with status 1.
package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pion/logging"
	"github.com/pion/sctp"
)

const asap = sctp.PayloadProtocolIdentifier(11)

func main() {
	count, err := strconv.Atoi(os.Args[4])
	must(err)
	local, err := net.ResolveUDPAddr("udp", os.Args[2])
	must(err)
	remote, err := net.ResolveUDPAddr("udp", os.Args[3])
	must(err)
	conn, err := net.DialUDP("udp", local, remote)
	must(err)
	fmt.Println("bound")
	config := sctp.Config{NetConn: conn, LoggerFactory: logging.NewDefaultLoggerFactory()}
	if os.Args[1] == "client" {
		client(config, count)
	} else {
		server(config, count)
	}
	fmt.Println("ok")
}

func client(config sctp.Config, count int) {
	association, err := sctp.Client(config)
	must(err)
	stream, err := association.OpenStream(0, asap)
	must(err)
	go func() {
		for number := 0; number < count; number++ {
			_, err := stream.WriteSCTP(message(number), asap)
			must(err)
		}
	}()
	buffer := make([]byte, 1<<16)
	for number := 0; number < count; number++ {
		length, ppid, err := stream.ReadSCTP(buffer)
		must(err)
		if ppid != asap || !bytes.Equal(buffer[:length], message(number)) {
			fail(fmt.Sprintf("message %d came back as %d octets with identifier %d", number, length, ppid))
		}
	}
	limit, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	must(association.Shutdown(limit))
}

func server(config sctp.Config, count int) {
	association, err := sctp.Server(config)
	must(err)
	stream, err := association.AcceptStream()
	must(err)
	buffer := make([]byte, 1<<16)
	for number := 0; number < count; number++ {
		length, ppid, err := stream.ReadSCTP(buffer)
		must(err)
		_, err = stream.WriteSCTP(buffer[:length], ppid)
		must(err)
	}
	// Until the other side has ended: then there is nothing to read any more.
	for err == nil {
		_, _, err = stream.ReadSCTP(buffer)
	}
}

// Of 1 to 3,000 octets, so that some take several packets.
func message(number int) []byte {
	text := make([]byte, 1+number*701%3000)
	for index := range text {
		text[index] = byte(number + index)
	}
	return text
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(what string) {
	fmt.Println(what)
	os.Exit(1)
}

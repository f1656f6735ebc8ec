// client.go HOST PORT VERSION ROOT NONCES [CERTIFICATE KEY]: Go's crypto/tls against sallyport.
//
// One connection for each of the NONCES (comma separated), all with one session cache; a line of standard output tells
// what became of it.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"
)

var versions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func config() *tls.Config {
	pem, err := os.ReadFile(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	made := &tls.Config{
		ServerName: "app.example", RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(8),
		MinVersion: versions[os.Args[3]], MaxVersion: versions[os.Args[3]],
	}
	if len(os.Args) > 7 {
		own, err := tls.LoadX509KeyPair(os.Args[6], os.Args[7])
		if err != nil {
			log.Fatal(err)
		}
		made.Certificates = []tls.Certificate{own}
	}
	return made
}

func visit(address, nonce string, with *tls.Config) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	connection, err := tls.DialWithDialer(dialer, "tcp", address, with)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(connection, "GET /%s HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n", nonce)
	reply, err := io.ReadAll(connection) // to close_notify: a cut off stream is an error
	if err != nil {
		log.Fatal(err)
	}
	state := connection.ConnectionState()
	_, body, _ := strings.Cut(string(reply), "\r\n\r\n")
	fmt.Printf("version=%s resumed=%t reply=%s\n", strings.ReplaceAll(tls.VersionName(state.Version), "TLS ", "TLSv"),
		state.DidResume, body)
}

func main() {
	log.SetFlags(0)
	with := config()
	for _, nonce := range strings.Split(os.Args[5], ",") {
		visit(net.JoinHostPort(os.Args[1], os.Args[2]), nonce, with)
	}
}

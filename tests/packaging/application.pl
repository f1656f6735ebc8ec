# application.pl: the web application that stands beside sallyport where the manifests are tried: one sentence to
# everybody, on loopback alone, so that nobody comes past sallyport. Perl is what a bare Debian root has.
use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
my $ears = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 80, Listen => 9, ReuseAddr => 1) or die;
while (1) {
    my $peer = $ears->accept or next;
    while (<$peer>) { last if /^\r$/; }
    print $peer "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nfrom the application\n";
    close $peer;
}

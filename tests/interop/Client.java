// Client HOST PORT VERSION ROOT NONCES [KEYSTORE PASSWORD]: Java's SSLSocket against sallyport.
//
// One connection for each of the NONCES (comma separated), all of one SSLContext; a line of standard output tells what
// became of it. A session that is taken up again carries what was put into the first one.
import java.io.FileInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public class Client {
    static TrustManagerFactory trust(String root) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream file = new FileInputStream(root)) {
            store.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory made = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        made.init(store);
        return made;
    }

    static KeyManager[] own(String path, String password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream file = new FileInputStream(path)) {
            store.load(file, password.toCharArray());
        }
        KeyManagerFactory made = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        made.init(store, password.toCharArray());
        return made.getKeyManagers();
    }

    static void visit(SSLContext context, String[] arguments, String nonce) throws Exception {
        int port = Integer.parseInt(arguments[1]);
        Socket plain = new Socket();
        plain.setSoTimeout(10000);
        plain.connect(new InetSocketAddress(InetAddress.getByName(arguments[0]), port), 10000);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, "app.example", port, true)) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setProtocols(new String[] {"TLSv" + arguments[2]});
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            SSLSession session = socket.getSession();
            boolean resumed = session.getValue("visited") != null;
            session.putValue("visited", "yes");
            String request = "GET /" + nonce + " HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            String reply = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            System.out.println("version=" + session.getProtocol() + " resumed=" + resumed + " reply="
                + reply.substring(reply.indexOf("\r\n\r\n") + 4));
        }
    }

    public static void main(String[] arguments) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        KeyManager[] own = arguments.length > 5 ? own(arguments[5], arguments[6]) : null;
        context.init(own, trust(arguments[3]).getTrustManagers(), null);
        for (String nonce : arguments[4].split(",")) {
            visit(context, arguments, nonce);
        }
    }
}

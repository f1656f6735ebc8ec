// client.js HOST PORT VERSION ROOT NONCES [CERTIFICATE KEY]: Node against sallyport.
//
// One connection for each of the NONCES (comma separated), each offering the last session that the one before was
// given; a line of standard output tells what became of it.
'use strict';
const fs = require('fs');
const tls = require('tls');

const [host, port, version, root, nonces, certificate, key] = process.argv.slice(2);
const options = {
    host, port, servername: 'app.example', ca: fs.readFileSync(root),
    minVersion: 'TLSv' + version, maxVersion: 'TLSv' + version,
    cert: certificate && fs.readFileSync(certificate), key: key && fs.readFileSync(key),
};

function visit(nonce, session) {
    return new Promise((resolve, reject) => {
        let given, reply = '', facts;
        const socket = tls.connect({ ...options, session }, () => {
            facts = `version=${socket.getProtocol()} resumed=${socket.isSessionReused()}`;
            socket.write(`GET /${nonce} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n`);
        });
        socket.setTimeout(10000, () => socket.destroy(new Error('no answer in 10 s')));
        socket.on('session', (fresh) => { given = fresh; });
        socket.on('data', (piece) => { reply += piece; });
        socket.on('error', reject);
        socket.on('end', () => {
            console.log(`${facts} reply=${reply.split('\r\n\r\n')[1]}`);
            resolve(given);
        });
    });
}

async function main() {
    let session;
    for (const nonce of nonces.split(','))
        session = await visit(nonce, session);
}

main().catch((error) => { console.error(error.message); process.exit(1); });

/*
 * limits.h: every bound of the proxy in one place. Times in microseconds, sizes in bytes.
 */
#ifndef PROXY_LIMITS_H
#define PROXY_LIMITS_H

enum {
    MAX_ACCEPTS_PER_WAKE = 64,     /* so that a storm of connects cannot starve the relays */
    ACCEPT_PAUSE = 100 * 1000,     /* after EMFILE and its like */
    PAUSE_LOG_INTERVAL = 10000000, /* one line about it in 10 s */
    LISTEN_BACKLOG = 4096,         /* cut by net.core.somaxconn */

    DESCRIPTORS_PER_CONNECTION = 2,
    SPARE_DESCRIPTORS = 64, /* listeners, logs, certificates being read */

    MAX_PUMP_ROUNDS = 8, /* of one connection in one turn of the loop */
    MAX_SPANS = 8,

    LINGER_TIMEOUT = 1000 * 1000, /* after an alert: read and discard for so long ... */
    MAX_LINGER_BYTES = 64 * 1024, /* ... or so much, so that the alert survives the close */
    WRITE_STALL_TIMEOUT = 60 * 1000 * 1000,
    STALL_LOOKS = 4, /* meanwhile, whether the client has taken some */
    MAX_DELIVERY_CHECK_INTERVAL = 1000 * 1000,
    DELIVERY_CHECK_INTERVAL = 10 * 1000, /* is the send queue empty yet, before a reset */

    HANDSHAKE_TURN = 250,        /* what steps of handshakes take in one turn of the loop: the relays run in between */
    HANDSHAKE_TURN_PAUSE = 2000, /* after that a new turn has begun, when nobody stands in line */
    MAX_KEYS_AHEAD = 4,          /* questions to private keys that are open when one that was held goes on */
    HELD_CHECK_INTERVAL = 1000,  /* whether there is time for one that was held */
    MAX_LATE = 16384,            /* full handshakes that are held, for a source beyond its share ... */
    MAX_LATE_WAIT = 4 * 1000 * 1000, /* of a source beyond its share: then it has to resume, or go */
    TYPICAL_HANDSHAKE = 1000,        /* a full one, before any was measured */

    CRYPTO_SHARE = 25,            /* of a hundred parts of the time, while handshakes wait and relays have work */
    RELAY_QUIET = 10 * 1000,      /* after so long without a relay's byte, at most, all of the time is free */
    OVERLOAD_WAIT = 50 * 1000,    /* in line; from then on that share is kept to ... */
    OVERLOAD_MEMORY = 500 * 1000, /* ... for so long after the last such wait */
    MAX_CRYPTO_CREDIT = 500,      /* after a time with few handshakes */
    MAX_CRYPTO_DEBT = 50 * 1000,  /* after a time without relays, or one long step */

    MANY_CONNECTIONS = 1024, /* after so many at a time, memory is given back to the system */

    MAX_SOURCES = 8192,                 /* in the table */
    SOURCES_TIME = 125 * 1000,          /* of a second, divided among the sources; the rest is for whoever waits */
    SOURCE_MEMORY = 5 * 1000 * 1000,    /* so long after its last handshake a source counts */
    SOURCE_COUNT_INTERVAL = 250 * 1000, /* between two looks at the whole table */
    UNFINISHED_SHARE = 8,  /* at the limit: whose unfinished handshakes are more than 1/8 of it makes his own room */
    MAX_SHED_SEARCH = 256, /* for one of his */
    MAX_KEY_QUEUE = 1024,  /* private-key operations waiting, and as many of tickets */
    KEY_WAIT_TIMEOUT = 2 * 1000 * 1000,
    KEY_PATIENCE = 100 * 1000, /* of a question that nobody waits for; also how often old ones are looked for */
    KEY_SILENCE = 1000 * 1000, /* a keyholder that answers nobody for so long stands still, or is gone ... */
    KEY_SILENCE_TIMEOUT = 8 * 1000 * 1000, /* ... and has a successor before this is over */
    MAX_PRIVATE_KEYS_IN_FLIGHT = 48,       /* asked of a keyholder: fewer than KEY_BATCH, so that tickets find room */
    MAX_TICKET_OPERATIONS_PER_TURN = 64,
    MAX_TICKET_KEY_WATCH = 3600, /* seconds: the timer stands still while the machine sleeps, the keys' age does not */
    MAX_STAPLE_WATCH = 600,      /* seconds, as above: the clock may be put right in between */
    MAX_KEY_OPERATIONS_PER_TURN = 2, /* a signature may take a millisecond: the relays run in between */

    MAX_SERVER_ADDRESSES = 8,      /* of one `server` name */
    MAX_LISTEN_SOCKETS = 16,       /* of one `address` */
    MAX_CONNECT_SERVERS = 2,       /* the one whose turn it is, and the next one once */
    MAX_LOG_LINES_PER_SECOND = 10, /* of one class of trouble */

    MAX_CERTIFICATE_FILE_LEN = 256 * 1024,
    MAX_CLIENT_TRUST_FILE_LEN = 16 * 1024 * 1024, /* CRLs grow */
    MAX_KEY_FILE_LEN = 64 * 1024,
    MAX_DIRECTORY_LEN = 1024 * 1024, /* of the paths in one cert-dir */
    CERT_DIR_PATIENCE = 30,          /* seconds in which what changed there may be only half of what is to come */
};

#endif

/*
 * An SCTP peer over UDP (RFC 6951) with usrsctp, which is given its packets by hand: so it needs no network interface
 * of its own. SCTP port 5000 on both sides.
 *
 *   peer client LOCAL LOCAL_PORT REMOTE REMOTE_PORT COUNT   sends COUNT messages of many sizes, expects each back, in
 *                                                           order, and ends
 *   peer server LOCAL LOCAL_PORT REMOTE REMOTE_PORT COUNT   sends back COUNT messages, then waits for the end
 *
 * Prints "ok", or what was wrong, and then exits with status 1.
 */

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <usrsctp.h>

#define ASAP 11
#define MAX_BYTES 65536
#define PORT 5000

/* The UDP socket, which also stands for the only peer. */
static int wire;

static void must(int is_good, const char *what)
{
	if (is_good) return;
	perror(what);
	printf("%s failed\n", what);
	exit(1);
}

static int send_packet(void *peer, void *packet, size_t length, uint8_t tos, uint8_t set_df)
{
	(void)peer, (void)tos, (void)set_df;
	send(wire, packet, length, 0); /* what is lost is sent again */
	return 0;
}

static void *receive_packets(void *nothing)
{
	static unsigned char packet[MAX_BYTES];
	for (;;) {
		ssize_t length = recv(wire, packet, sizeof packet, 0);
		if (length > 0) usrsctp_conninput(&wire, packet, length, 0);
	}
	return nothing;
}

static struct sockaddr_in udp_address(const char *address, const char *port)
{
	struct sockaddr_in udp = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	inet_pton(AF_INET, address, &udp.sin_addr);
	return udp;
}

/* Of 1 to 3,000 octets, so that some take several packets. */
static size_t message(int number, unsigned char *text)
{
	size_t length = 1 + number * 701 % 3000;
	for (size_t index = 0; index < length; index++) text[index] = number + index;
	return length;
}

static void send_message(struct socket *socket, const void *text, size_t length, uint32_t ppid)
{
	struct sctp_sndinfo info = {.snd_ppid = ppid};
	ssize_t sent = usrsctp_sendv(socket, text, length, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0);
	must(sent == (ssize_t)length, "send");
}

/* Its length; 0 at the end of the association. */
static size_t receive_message(struct socket *socket, unsigned char *text, uint32_t *ppid)
{
	size_t length = 0;
	int flags = 0;
	do {
		struct sctp_rcvinfo info;
		socklen_t info_length = sizeof info;
		unsigned int info_type = SCTP_RECVV_NOINFO;
		ssize_t part = usrsctp_recvv(socket, text + length, MAX_BYTES - length, NULL, NULL, &info, &info_length,
		                             &info_type, &flags);
		must(part >= 0, "receive");
		if (part == 0) return 0;
		length += part;
		if (info_type == SCTP_RECVV_RCVINFO) *ppid = info.rcv_ppid;
	} while (!(flags & MSG_EOR));
	return length;
}

static void run_client(struct socket *socket, int count)
{
	static unsigned char expected[MAX_BYTES], found[MAX_BYTES];
	/* A few ahead, so that there is something to overtake. */
	const int ahead = 20;
	for (int number = 0; number < count + ahead; number++) {
		if (number < count) send_message(socket, expected, message(number, expected), htonl(ASAP));
		if (number < ahead) continue;
		uint32_t ppid = 0;
		size_t length = receive_message(socket, found, &ppid);
		int is_same = length == message(number - ahead, expected) && memcmp(found, expected, length) == 0;
		must(is_same && ppid == htonl(ASAP), "an echo that is the same");
	}
	must(usrsctp_shutdown(socket, SHUT_WR) == 0, "shutdown");
	uint32_t ppid;
	must(receive_message(socket, found, &ppid) == 0, "the end");
}

static void run_server(struct socket *socket, int count)
{
	static unsigned char text[MAX_BYTES];
	uint32_t ppid = 0;
	for (int number = 0; number < count; number++) {
		size_t length = receive_message(socket, text, &ppid);
		must(length > 0, "a message");
		send_message(socket, text, length, ppid);
	}
	must(receive_message(socket, text, &ppid) == 0, "the end");
}

int main(int argc, char **argv)
{
	must(argc == 7, "six arguments");
	int is_client = strcmp(argv[1], "client") == 0, count = atoi(argv[6]);
	struct sockaddr_in local = udp_address(argv[2], argv[3]), remote = udp_address(argv[4], argv[5]);
	wire = socket(AF_INET, SOCK_DGRAM, 0);
	must(bind(wire, (struct sockaddr *)&local, sizeof local) == 0, "bind the wire");
	must(connect(wire, (struct sockaddr *)&remote, sizeof remote) == 0, "connect the wire");

	usrsctp_init(0, send_packet, NULL);
	usrsctp_register_address(&wire);
	pthread_t receiver;
	must(pthread_create(&receiver, NULL, receive_packets, NULL) == 0, "thread");
	struct sockaddr_conn place = {.sconn_family = AF_CONN, .sconn_port = htons(PORT), .sconn_addr = &wire};
	struct socket *socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
	must(socket != NULL, "socket");
	int on = 1;
	must(usrsctp_setsockopt(socket, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) == 0, "receive information");
	must(usrsctp_bind(socket, (struct sockaddr *)&place, sizeof place) == 0, "bind");
	if (is_client) {
		must(usrsctp_connect(socket, (struct sockaddr *)&place, sizeof place) == 0, "connect");
		run_client(socket, count);
	} else {
		must(usrsctp_listen(socket, 1) == 0, "listen");
		puts("bound");
		fflush(stdout);
		struct socket *accepted = usrsctp_accept(socket, NULL, NULL);
		must(accepted != NULL, "accept");
		run_server(accepted, count);
		usrsctp_close(accepted);
	}
	usrsctp_close(socket);
	/* Until the last packets of the association have been answered. */
	for (int turn = 0; usrsctp_finish() != 0 && turn < 50; turn++) {
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	puts("ok");
	return 0;
}

/* notify.c: readiness for the service manager: one datagram to the socket in NOTIFY_SOCKET, the
 * protocol of sd_notify(3). It may not fail the node: a manager that is not there is no error. */
#include "serve.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool notify_manager(const char *state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path != NULL ? strlen(path) : 0;

    if (len < 2 || len >= sizeof addr.sun_path || (path[0] != '/' && path[0] != '@')) {
        return false;
    }
    memcpy(addr.sun_path, path, len);
    if (path[0] == '@') { /* an abstract name begins with a NUL */
        addr.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    size_t n = strlen(state);
    ssize_t sent =
        sendto(fd, state, n, MSG_NOSIGNAL, (const struct sockaddr *)(const void *)&addr, size);
    (void)close(fd);
    return sent == (ssize_t)n;
}

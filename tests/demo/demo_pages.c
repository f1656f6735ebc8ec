/*
 * demo_pages: writes the demo's answer for one of the handshakes of views.h to standard output, for tests with
 * parsers of other making and for looking at it: demo_pages html|json|message VIEW
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/json.h"
#include "demo/page.h"
#include "demo/views.h"

static uint8_t storage[MAX_PAGE_LEN];

int main(int argc, char **argv)
{
    struct writer out = writer_of(storage, sizeof storage);
    struct handshake_view view;

    if (argc != 3 || !view_by_name(argv[2], &view)) {
        fprintf(stderr, "usage: demo_pages html|json|message browser|retry|nothing|hostility|everything\n");
        return EXIT_FAILURE;
    }
    if (strcmp(argv[1], "html") == 0)
        page_print(&out, &view);
    else if (strcmp(argv[1], "json") == 0)
        json_print(&out, &view);
    else
        page_print_message(&out, "nothing here", "This is a sentence with a <a href=\"/\">link</a>.");
    if (!writer_ok(&out) || fwrite(storage, 1, writer_view(&out).len, stdout) != writer_view(&out).len)
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

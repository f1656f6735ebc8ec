/* style.h: the style sheet of the demo's pages, light and dark by what the reader prefers. */
#ifndef DEMO_STYLE_H
#define DEMO_STYLE_H

extern const char style_sheet[];

#endif

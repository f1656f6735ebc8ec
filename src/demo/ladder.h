/*
 * ladder.h: the flights as a ladder diagram, an SVG for the inside of the page, whose style sheet colours it.
 *
 * Across it is laid out in percents and downwards in pixels, so that it fits a phone as well as a desktop without
 * scaling its text. Times stand at the right lifeline, for there the clock was that measured them.
 */
#ifndef DEMO_LADDER_H
#define DEMO_LADDER_H

#include "base/writer.h"
#include "demo/flights.h"

void ladder_print(struct writer *out, const struct flights *flights);

#endif

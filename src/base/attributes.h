/* attributes.h: what the compiler is told about our functions. */
#ifndef BASE_ATTRIBUTES_H
#define BASE_ATTRIBUTES_H

/* Every function that can fail says so; dropping its answer is a compiler error (-Werror=unused-result). */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, args) __attribute__((format(printf, text, args)))
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif

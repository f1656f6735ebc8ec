/* fill.h: one section of the document becomes its struct of config.h, by the rows of the schema. */
#ifndef CONFIG_FILL_H
#define CONFIG_FILL_H

#include "config/document.h"

/* `object` is the struct of `section`'s kind; NULL `section`: one that was not written. */
void fill_section(struct document *document, const struct document_section *section, enum section_kind kind,
                  void *object);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_YAML_FILE_H
#define DBC_BASE_YAML_FILE_H

#include <stdbool.h>
#include <yaml.h>

#include "base/diag.h"

/*
 * A YAML file whose top node is a mapping, for targets and options. Only a
 * regular file of at most 8 MB is read, with at most 32 levels, 200,000
 * entries, 256 anchors and aliases, and 64 KB in one text.
 */
struct yaml_file {
	const char *name; /* for messages */
	yaml_document_t document;
	bool open;
};

/* On -1 nothing is open. */
int yaml_file_read(struct yaml_file *f, const char *path, struct diag *d);
int yaml_file_parse(struct yaml_file *f, const char *name, const char *text,
		    struct diag *d);
void yaml_file_close(struct yaml_file *f);

/* The top mapping; NULL for an empty file. */
yaml_node_t *yaml_file_root(struct yaml_file *f);
/* Key and value of entry i of a mapping; false past the end. */
bool yaml_entry(struct yaml_file *f, const yaml_node_t *map, int i,
		yaml_node_t **key, yaml_node_t **value);
/* Item i of a sequence, NULL past the end. */
yaml_node_t *yaml_item(struct yaml_file *f, const yaml_node_t *list, int i);
/* The text of a scalar, NULL for other nodes. */
const char *yaml_text(const yaml_node_t *n);
/* `NAME:LINE: message`; returns -1. */
int yaml_error(const struct yaml_file *f, const yaml_node_t *n, struct diag *d,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif

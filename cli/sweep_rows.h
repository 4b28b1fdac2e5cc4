/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SWEEP_ROWS_H
#define DBC_CLI_SWEEP_ROWS_H

#include "cli/sweep_run.h"

/* What a job came to: figures of its report, NAN where there are none. */
struct sweep_row {
	const struct sweep_job *job;
	enum sweep_state state;
	const char *target;
	double bytes, ms, ram, bits; /* of the file, a frame, in the file */
	double sqnr;                 /* decibels */
	double agreement, low, high;
	double accuracy, accuracy_float;
	const char *missed; /* "max_size 1200 > 1000"; empty: nothing */
	/* no other of the same model and target is smaller, as fast and as good
	 */
	bool best;
};

/* A row for each job, in the arena of the plan; NULL with a diagnostic. */
struct sweep_row *sweep_rows_read(struct sweep_plan *p, const char *folder,
				  struct diag *d);

/* Accuracy where there are labels, agreement without, 1 for float; NAN. */
double sweep_row_quality(const struct sweep_row *r);

/* For people, as comma-separated values (RFC 4180), as JSON: malloc'ed text,
 * NULL with a diagnostic. */
char *sweep_table_text(const struct sweep_plan *p, const struct sweep_row *rows,
		       struct diag *d);
char *sweep_table_csv(const struct sweep_plan *p, const struct sweep_row *rows,
		      struct diag *d);
char *sweep_table_json(const struct sweep_plan *p, const struct sweep_row *rows,
		       struct diag *d);
/* Bytes against quality, a panel for each model: SVG. */
char *sweep_picture(const struct sweep_plan *p, const struct sweep_row *rows,
		    struct diag *d);

#endif

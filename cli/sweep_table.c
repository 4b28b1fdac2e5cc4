/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a sweep as text, comma-separated values and JSON. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sweep_rows.h"
#include "converter/json_text.h"

enum { NAME_WIDTH_MOST = 40 };

/* ---- A text that grows ---- */

struct text {
	FILE *f;
	char *data;
	size_t size;
};

static int text_open(struct text *t, struct diag *d)
{
	*t = (struct text){ 0 };
	t->f = open_memstream(&t->data, &t->size);
	return t->f ? 0 : diag_error(d, "out of memory");
}

static char *text_close(struct text *t, struct diag *d)
{
	int bad = ferror(t->f);

	if (fclose(t->f) == 0 && !bad)
		return t->data;
	free(t->data);
	diag_error(d, "out of memory");
	return NULL;
}

static const char *value_of(const struct sweep_row *r, int axis)
{
	return r->job->values[axis] ? r->job->values[axis] : "-";
}

/* ---- For people ---- */

static int width_of(const struct sweep_plan *p, const struct sweep_row *rows,
		    int axis)
{
	const char *title = axis < 0 ? "model" : p->axes[axis].name;
	size_t width = strlen(title);

	for (int i = 0; i < p->count; i++) {
		const char *text = axis < 0 ? rows[i].job->model :
					      value_of(&rows[i], axis);

		if (strlen(text) > width)
			width = strlen(text);
	}
	return width < NAME_WIDTH_MOST ? (int)width : NAME_WIDTH_MOST;
}

static void print_figure(FILE *f, int width, int digits, double value)
{
	if (isnan(value))
		fprintf(f, " %*s", width, "-");
	else
		fprintf(f, " %*.*f", width, digits, value);
}

static void print_row(FILE *f, const struct sweep_row *r)
{
	static const char *const states[] = { "", "  missed: ", "  failed" };

	if (r->state != SWEEP_FAILED) {
		print_figure(f, 9, 0, r->bytes);
		print_figure(f, 5, 2, r->bits);
		print_figure(f, 8, 2, r->ms);
		print_figure(f, 9, 0, r->ram);
		print_figure(f, 6, 1, r->sqnr);
		print_figure(f, 9, 3, r->agreement);
		print_figure(f, 5, 3, r->low);
		print_figure(f, 8, 3, r->accuracy);
		print_figure(f, 6, 3, r->accuracy_float);
	}
	fprintf(f, "%s%s%s\n", states[r->state], r->missed,
		r->best ? "  *" : "");
}

char *sweep_table_text(const struct sweep_plan *p, const struct sweep_row *rows,
		       struct diag *d)
{
	struct text t;

	if (text_open(&t, d))
		return NULL;
	for (int i = -1; i < p->axis_count; i++)
		fprintf(t.f, "%s%-*s", i < 0 ? "" : "  ", width_of(p, rows, i),
			i < 0 ? "model" : p->axes[i].name);
	fprintf(t.f, " %9s %5s %8s %9s %6s %9s %5s %8s %6s\n", "bytes", "bits",
		"ms", "RAM", "SQNR", "agreement", "from", "accuracy", "float");
	for (int i = 0; i < p->count; i++) {
		fprintf(t.f, "%-*s", width_of(p, rows, -1), rows[i].job->model);
		for (int k = 0; k < p->axis_count; k++)
			fprintf(t.f, "  %-*s", width_of(p, rows, k),
				value_of(&rows[i], k));
		print_row(t.f, &rows[i]);
	}
	fputs("* none of the same model and target is smaller, as fast and as "
	      "good\nms: a frame, by the model of the target (dbconvert help "
	      "targets); agreement, its\nlower end, accuracy: higher is "
	      "better\n",
	      t.f);
	return text_close(&t, d);
}

/* ---- Comma-separated values ---- */

static void csv_text(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static void csv_figures(FILE *f, const struct sweep_row *r)
{
	const double figures[] = { r->bytes,         r->bits, r->ms,
				   r->ram,           r->sqnr, r->agreement,
				   r->low,           r->high, r->accuracy,
				   r->accuracy_float };

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (r->state == SWEEP_FAILED || isnan(figures[i]))
			fputc(',', f);
		else
			fprintf(f, ",%.10g", figures[i]);
}

char *sweep_table_csv(const struct sweep_plan *p, const struct sweep_row *rows,
		      struct diag *d)
{
	struct text t;

	if (text_open(&t, d))
		return NULL;
	fputs("job,model", t.f);
	for (int i = 0; i < p->axis_count; i++)
		fprintf(t.f, ",%s", p->axes[i].name);
	fputs(",state,bytes,bits,ms,ram_bytes,sqnr_db,agreement,agreement_low,"
	      "agreement_high,accuracy,accuracy_float,best,missed\r\n",
	      t.f);
	for (int i = 0; i < p->count; i++) {
		const struct sweep_row *r = &rows[i];

		csv_text(t.f, r->job->name);
		fputc(',', t.f);
		csv_text(t.f, r->job->model);
		for (int k = 0; k < p->axis_count; k++) {
			fputc(',', t.f);
			if (r->job->values[k])
				csv_text(t.f, r->job->values[k]);
		}
		fprintf(t.f, ",%s", sweep_state_name(r->state));
		csv_figures(t.f, r);
		fprintf(t.f, ",%d,", r->best);
		csv_text(t.f, r->missed);
		fputs("\r\n", t.f);
	}
	return text_close(&t, d);
}

/* ---- JSON ---- */

static json_t *number_or_null(double x)
{
	return isnan(x) ? json_null() : json_real(x);
}

static json_t *row_json(const struct sweep_plan *p, const struct sweep_row *r)
{
	json_t *varied = json_object();
	bool failed = r->state == SWEEP_FAILED;

	for (int i = 0; i < p->axis_count; i++)
		json_object_set_new(varied, p->axes[i].name,
				    r->job->values[i] ?
					    json_text(r->job->values[i]) :
					    json_null());
	if (failed)
		return json_pack("{s:o,s:o,s:o,s:s}", "job",
				 json_text(r->job->name), "model",
				 json_text(r->job->model), "varied", varied,
				 "state", sweep_state_name(r->state));
	return json_pack(
		"{s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,"
		"s:o}",
		"job", json_text(r->job->name), "model",
		json_text(r->job->model), "varied", varied, "state",
		sweep_state_name(r->state), "dbp_bytes",
		number_or_null(r->bytes), "weight_bits_file",
		number_or_null(r->bits), "latency_ms", number_or_null(r->ms),
		"ram_bytes", number_or_null(r->ram), "sqnr_db",
		number_or_null(r->sqnr), "agreement",
		number_or_null(r->agreement), "agreement_low",
		number_or_null(r->low), "agreement_high",
		number_or_null(r->high), "accuracy",
		number_or_null(r->accuracy), "accuracy_float",
		number_or_null(r->accuracy_float), "best", (int)r->best,
		"missed", json_text(r->missed));
}

char *sweep_table_json(const struct sweep_plan *p, const struct sweep_row *rows,
		       struct diag *d)
{
	json_t *jobs = json_array();

	for (int i = 0; i < p->count; i++)
		json_array_append_new(jobs, row_json(p, &rows[i]));
	return json_lines(json_pack("{s:i,s:o}", "schema", 1, "jobs", jobs), d);
}

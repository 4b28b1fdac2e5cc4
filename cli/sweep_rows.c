/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sweep_rows.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static double number(const json_t *object, const char *key)
{
	const json_t *j = json_object_get(object, key);

	return json_is_number(j) ? json_number_value(j) : (double)NAN;
}

static const char *missed_budgets(const json_t *report, struct arena *a)
{
	const json_t *list = json_object_get(report, "budgets"), *b;
	const char *text = "";
	size_t i;

	json_array_foreach(list, i, b)
	{
		const char *name =
			json_string_value(json_object_get(b, "name"));

		if (json_is_true(json_object_get(b, "met")) || !name)
			continue;
		text = arena_printf(a, "%s%s%s %.10g, limit %.10g", text,
				    *text ? "; " : "", name, number(b, "value"),
				    number(b, "limit"));
		if (!text)
			return NULL;
	}
	return text;
}

static int read_row(struct sweep_row *r, struct arena *a, const char *folder,
		    struct diag *d)
{
	char *path = arena_printf(a, "%s/%s/report.json", folder, r->job->name);
	const json_t *output, *fidelity, *agreement, *accuracy;
	const char *target;
	json_error_t error;
	json_t *report;

	if (!path)
		return diag_error(d, "out of memory");
	report = json_load_file(path, 0, &error);
	if (!report)
		return diag_error(d, "%s: %s", path, error.text);
	output = json_object_get(report, "output");
	fidelity = json_object_get(report, "fidelity");
	agreement = json_object_get(fidelity, "agreement");
	accuracy = json_object_get(fidelity, "accuracy");
	target = json_string_value(
		json_object_get(json_object_get(report, "target"), "name"));
	r->target = arena_strdup(a, target ? target : "");
	r->bytes = number(output, "dbp_bytes");
	r->ms = number(output, "latency_us") / 1e3;
	r->ram = number(output, "ram_bytes");
	r->bits = number(output, "weight_bits_file");
	r->sqnr = number(fidelity, "sqnr_db");
	r->agreement = number(agreement, "value");
	r->low = number(agreement, "low");
	r->high = number(agreement, "high");
	r->accuracy = number(accuracy, "quantized");
	r->accuracy_float = number(accuracy, "float");
	r->missed = missed_budgets(report, a);
	json_decref(report);
	return r->missed && r->target ? 0 : diag_error(d, "out of memory");
}

double sweep_row_quality(const struct sweep_row *r)
{
	if (r->accuracy_float > 0 && !isnan(r->accuracy))
		return r->accuracy / r->accuracy_float;
	return r->agreement;
}

/* Whether `a` leaves no reason to take `b`. */
static bool is_better(const struct sweep_row *a, const struct sweep_row *b)
{
	double x = sweep_row_quality(a), y = sweep_row_quality(b);

	if (isnan(x) || isnan(y)) {
		x = a->sqnr;
		y = b->sqnr;
	}
	if (strcmp(a->job->model, b->job->model) != 0 ||
	    strcmp(a->target, b->target) != 0)
		return false;
	return a->bytes <= b->bytes && a->ms <= b->ms && x >= y &&
	       (a->bytes < b->bytes || a->ms < b->ms || x > y);
}

static void mark_best(struct sweep_row *rows, int count)
{
	for (int i = 0; i < count; i++) {
		/* where nothing was measured, none is better */
		rows[i].best = rows[i].state == SWEEP_CONVERTED &&
			       (!isnan(sweep_row_quality(&rows[i])) ||
				!isnan(rows[i].sqnr));
		for (int k = 0; rows[i].best && k < count; k++)
			if (rows[k].state == SWEEP_CONVERTED &&
			    is_better(&rows[k], &rows[i]))
				rows[i].best = false;
	}
}

struct sweep_row *sweep_rows_read(struct sweep_plan *p, const char *folder,
				  struct diag *d)
{
	struct sweep_row *rows =
		arena_array(&p->arena, (size_t)p->count, sizeof(*rows));

	if (!rows) {
		diag_error(d, "out of memory");
		return NULL;
	}
	for (int i = 0; i < p->count; i++) {
		rows[i] = (struct sweep_row){ .job = &p->jobs[i],
					      .state = sweep_state_of(
						      &p->jobs[i], folder),
					      .target = "",
					      .missed = "" };
		if (rows[i].state != SWEEP_FAILED &&
		    read_row(&rows[i], &p->arena, folder, d))
			return NULL;
	}
	mark_best(rows, p->count);
	return rows;
}

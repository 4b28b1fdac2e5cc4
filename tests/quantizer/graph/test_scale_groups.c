/* SPDX-License-Identifier: Apache-2.0 */
/* Which values become 8-bit, and which share a scale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quantizer/graph/channel_groups.h"
#include "quantizer/graph/integer_nodes.h"
#include "quantizer/graph/scale_groups.h"
#include "quantizer/graph/split_activations.h"

struct fixture {
	struct arena arena;
	struct diag d;
	struct graph *g;
	uint32_t *scale_group;
	const struct node **trained_grids;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	arena_init(&f->arena, 0);
	diag_init(&f->d);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(&f->arena);
	diag_free(&f->d);
	free(f);
	return 0;
}

static void parse(struct fixture *f, const char *text)
{
	f->g = graph_parse(&f->arena, text, &f->d);
	if (!f->g)
		fail_msg("%s", f->d.entries[0].text);
	f->scale_group =
		scale_groups_assign(f->g, &f->arena, &f->trained_grids);
	assert_non_null(f->scale_group);
}

static uint32_t root_of(const struct fixture *f, const char *name)
{
	return f->scale_group[graph_find_value(f->g, name)->id];
}

static bool same_scale(const struct fixture *f, const char *a, const char *b)
{
	return root_of(f, a) != SCALE_GROUP_FLOAT &&
	       root_of(f, a) == root_of(f, b);
}

#define CONV(out, in, marks) \
	"%" out " = Conv(%" in ", %w) layout=nhwc " marks ": f32 1x4x4x8\n"
#define HEAD                     \
	"input %x f32 1x4x4x8\n" \
	"const %w f32 8x8x1x1 = random 1\n"

static void test_float_ends_at_the_tail(void **state)
{
	struct fixture *f = *state;

	parse(f,
	      HEAD CONV("a", "x", "") CONV(
		      "b", "a",
		      "") "%y = Sigmoid(%b) tail : f32 1x4x4x8\noutput %y\n");
	assert_true(root_of(f, "x") != SCALE_GROUP_FLOAT);
	assert_true(root_of(f, "a") != SCALE_GROUP_FLOAT);
	assert_true(root_of(f, "b") == SCALE_GROUP_FLOAT);
	assert_true(root_of(f, "y") == SCALE_GROUP_FLOAT);
	assert_true(root_of(f, "w") == SCALE_GROUP_FLOAT);
	assert_false(same_scale(f, "x", "a"));
}

static void test_movers_keep_their_scale(void **state)
{
	struct fixture *f = *state;

	parse(f,
	      HEAD CONV("a", "x",
			"") "%p = MaxPool(%a) {kernel_shape=[2, 2]} layout=nhwc"
			    " : f32 1x3x3x8\n"
			    "%c = Conv(%p, %w) layout=nhwc : f32 "
			    "1x3x3x8\noutput %c\n");
	assert_true(same_scale(f, "a", "p"));
	assert_true(root_of(f, "c") == SCALE_GROUP_FLOAT);
}

static void test_concat_joins_only_its_own_inputs(void **state)
{
	struct fixture *f = *state;

	parse(f, HEAD
	      "const %w2 f32 8x16x1x1 = random 2\n" CONV("a", "x",
							 "") CONV("b", "x", "")
		      CONV("c", "b",
			   "") "%j = Concat(%a, %b) {axis=3} : f32 1x4x4x16\n"
			       "%y = Conv(%j, %w2) layout=nhwc : f32 1x4x4x8\n"
			       "output %y\noutput %c\n");
	assert_true(same_scale(f, "a", "j"));
	assert_false(same_scale(f, "b", "j"));
}

static void test_activations_by_table_become_nodes(void **state)
{
	struct fixture *f = *state;
	struct node *n;

	parse(f, HEAD CONV("a", "x", "act=silu ") CONV("b", "a", "act=relu ")
			 CONV("c", "b", "") "output %c\n");
	assert_int_equal(split_table_activations(f->g), 0);
	assert_int_equal(graph_check(f->g, "test", &f->d), 0);
	n = f->g->first;
	assert_int_equal(n->op, OP_CONV);
	assert_int_equal(n->act.kind, ACT_NONE);
	assert_int_equal(n->next->op, OP_SWISH);
	assert_string_equal(n->next->outputs[0]->name, "a");
	assert_int_equal(n->next->next->act.kind, ACT_RELU);
}

static void test_weights_outside_of_the_tail_only(void **state)
{
	struct fixture *f = *state;
	int weighted = 0;

	parse(f, HEAD CONV("a", "x", "")
			 CONV("b", "a",
			      "tail ") "%m = MatMul(%b, %w) : f32 unknown\n"
				       "output %b\noutput %m\n");
	for (const struct node *n = f->g->first; n; n = n->next)
		weighted += node_has_weights(n);
	assert_int_equal(weighted, 1);
}

#define QUANT(out, in, scale, bits)                           \
	"%" out " = Quant(%" in ", %" scale ", %zero, %" bits \
	") {signed=0} : f32 1x4x4x8\n"
#define GRIDS                             \
	HEAD "const %zero f32 1 = [0]\n"  \
	     "const %eight f32 1 = [8]\n" \
	     "const %three f32 1 = [3]\n" \
	     "const %s f32 1 = [0.5]\n"   \
	     "const %t f32 1 = [0.25]\n"

static const struct node *grid_of(const struct fixture *f, const char *name)
{
	return f->trained_grids[root_of(f, name)];
}

static void test_a_trained_grid_is_what_the_maker_gives(void **state)
{
	struct fixture *f = *state;
	struct trained_grid grid;

	parse(f, GRIDS CONV("a", "x", "") QUANT("b", "a", "s", "three")
			 CONV("c", "b", "") "output %c\n");
	assert_true(same_scale(f, "a", "b"));
	assert_non_null(grid_of(f, "a"));
	assert_true(trained_grid(grid_of(f, "a"), &grid));
	assert_true(grid.scale == 0.5f);
	assert_int_equal(grid.bits, 3);
	assert_int_equal(grid.zero_point, -4); /* codes are signed */
	assert_null(grid_of(f, "x"));
}

static void test_two_grids_stay_two(void **state)
{
	struct fixture *f = *state;

	parse(f, GRIDS CONV("a", "x", "") QUANT("b", "a", "s", "eight")
			 QUANT("c", "b", "t", "eight") CONV("d", "c", "")
				 CONV("e", "a", "") "output %d\noutput %e\n");
	assert_false(same_scale(f, "a", "b")); /* a has another reader */
	assert_false(same_scale(f, "b", "c"));
	assert_null(grid_of(f, "a"));
	assert_non_null(grid_of(f, "b"));
	assert_true(grid_of(f, "b") != grid_of(f, "c"));
}

/* Nothing clamps a graph input to three bits: it has the scale, and its Quant
 * clamps. */
static void test_few_codes_need_a_maker(void **state)
{
	struct fixture *f = *state;

	parse(f, GRIDS QUANT("b", "x", "s", "three")
			 CONV("c", "b", "") "output %c\n");
	assert_true(root_of(f, "x") != SCALE_GROUP_FLOAT);
	assert_false(same_scale(f, "x", "b"));
	assert_non_null(grid_of(f, "b"));
	assert_true(grid_of(f, "x") == grid_of(f, "b"));
}

/* A Quant whose result is float reads floats. */
static void test_float_quant_reads_floats(void **state)
{
	struct fixture *f = *state;

	parse(f, GRIDS CONV("a", "x", "") QUANT("b", "a", "s", "eight")
			 CONV("c", "x", "") "output %b\noutput %c\n");
	assert_true(root_of(f, "a") == SCALE_GROUP_FLOAT);
	assert_true(root_of(f, "b") == SCALE_GROUP_FLOAT);
}

/* More codes than the device has: the scale may be any. */
static void test_finer_grid_joins(void **state)
{
	struct fixture *f = *state;
	struct trained_grid grid;
	float scale;

	parse(f, GRIDS "const %wide f32 1 = [16]\n" CONV("a", "x", "")
			 QUANT("b", "a", "t", "wide")
				 CONV("c", "b", "") "output %c\n");
	assert_true(same_scale(f, "a", "b"));
	assert_false(trained_grid(grid_of(f, "a"), &grid));
	assert_true(finer_grid(grid_of(f, "a"), &scale));
	assert_true(scale == 0.25f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- Channel groups ---- */

static void find_tracks(struct fixture *f, const char *text,
			struct channel_groups *t)
{
	parse(f, text);
	memset(t, 0, sizeof(*t));
	assert_int_equal(
		channel_groups_init(t, f->g, f->scale_group, &f->arena), 0);
	assert_int_equal(channel_groups_find(t, f->g, f->scale_group,
					     f->trained_grids, true, &f->arena),
			 0);
}

static const uint32_t *track_of(const struct fixture *f,
				const struct channel_groups *t,
				const char *name)
{
	return t->of[graph_find_value(f->g, name)->id];
}

#define WIDE "const %w2 f32 8x16x1x1 = random 2\n"
#define JOINED(axis) "%j = Concat(%a, %b) {axis=" axis "} : f32 "
#define PRODUCT "%b = Mul(%a, %x) : f32 1x4x4x8\n"
#define READ "%y = Conv(%j, %w2) layout=nhwc : f32 1x4x4x8\noutput %y\n"

static void test_tracks(void **state)
{
	struct fixture *f = *state;
	struct channel_groups t;

	find_tracks(f,
		    HEAD WIDE CONV("a", "x", "") CONV("b", "x", "act=relu ")
			    JOINED("3") "1x4x4x16\n" READ,
		    &t);
	assert_true(same_scale(f, "a", "j") && same_scale(f, "b", "j"));
	assert_int_equal(t.count[root_of(f, "j")], 16);
	for (uint32_t c = 0; c < 8; c++) {
		assert_int_equal(track_of(f, &t, "j")[c],
				 track_of(f, &t, "a")[c]);
		assert_int_equal(track_of(f, &t, "j")[8 + c],
				 track_of(f, &t, "b")[c]);
	}
	assert_true(channel_groups_begin(&t, graph_find_value(f->g, "a")));
	assert_false(channel_groups_begin(&t, graph_find_value(f->g, "j")));
	assert_null(track_of(f, &t, "x"));
	assert_null(track_of(f, &t, "y"));
}

/* A sum reads channel groups and begins new ones. */
static void test_tracks_of_sums(void **state)
{
	struct fixture *f = *state;
	struct channel_groups t;

	find_tracks(f,
		    HEAD CONV("a", "x", "") CONV(
			    "b", "a",
			    "") "%j = Add(%a, %b) act=relu : f32 1x4x4x8\n"
				"%k = Sub(%j, %x) : f32 1x4x4x8\n"
				"%y = Conv(%k, %w) layout=nhwc : f32 1x4x4x8\n"
				"output %y\n",
		    &t);
	for (const char *v = "abjk"; *v; v++) {
		const char name[] = { *v, '\0' };

		assert_non_null(track_of(f, &t, name));
		assert_true(
			channel_groups_begin(&t, graph_find_value(f->g, name)));
		for (const char *u = "abjk"; u < v; u++)
			assert_false(same_scale(f, name,
						(const char[]){ *u, '\0' }));
	}
	assert_null(track_of(f, &t, "x"));
}

/* A reader that needs one scale ends the channel groups back to their
 * producers. */
static void check_no_tracks(struct fixture *f, const char *text)
{
	struct channel_groups t;

	find_tracks(f, text, &t);
	for (uint32_t i = 0; i < f->g->value_count; i++)
		assert_null(t.of[i]);
}

static void test_no_tracks(void **state)
{
	check_no_tracks(*state, HEAD WIDE CONV("a", "x", "")
					PRODUCT JOINED("3") "1x4x4x16\n" READ);
	check_no_tracks(*state,
			HEAD CONV("a", "x", "") CONV(
				"b", "x", "") "%j = Add(%a, %b) : f32 1x4x4x8\n"
					      "output %j\n");
	check_no_tracks(*state,
			HEAD WIDE CONV("a", "x", "") CONV("b", "x", "")
				JOINED("3") "1x4x4x16\n" READ "output %j\n");
	check_no_tracks(*state,
			HEAD CONV("a", "x", "") CONV("b", "x", "") JOINED(
				"1") "1x8x4x8\n%y = Conv(%j, %w) layout=nhwc "
				     ": f32 1x8x4x8\noutput %y\n");
	check_no_tracks(
		*state,
		HEAD CONV("a", "x",
			  "") "const %one i64 8 = [0, 0, 0, 0, 0, 1, 1, 0]\n"
			      "const %half f32 scalar = [0.5]\n"
			      "%p = Pad(%a, %one, %half) : f32 1x5x5x8\n"
			      "%y = Conv(%p, %w) layout=nhwc : f32 1x5x5x8\n"
			      "output %y\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_float_ends_at_the_tail),
		TEST(test_movers_keep_their_scale),
		TEST(test_concat_joins_only_its_own_inputs),
		TEST(test_activations_by_table_become_nodes),
		TEST(test_weights_outside_of_the_tail_only),
		TEST(test_a_trained_grid_is_what_the_maker_gives),
		TEST(test_two_grids_stay_two),
		TEST(test_few_codes_need_a_maker),
		TEST(test_float_quant_reads_floats),
		TEST(test_finer_grid_joins),
		cmocka_unit_test_setup_teardown(test_tracks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tracks_of_sums, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_tracks, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

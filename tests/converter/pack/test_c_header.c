/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/pack/c_header.h"
#include "schemas/dbp.h"
#include "tests/support/temp_folder.h"

#define SIZE 3001 /* not a multiple of a line's bytes */

struct fixture {
	struct temp_folder folder;
	struct diag d;
	struct dbp_header header[SIZE / sizeof(struct dbp_header) + 1];
	uint8_t *bytes; /* the header, then every byte value */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	temp_folder_make(&f->folder);
	diag_init(&f->d);
	f->bytes = (uint8_t *)f->header;
	for (size_t i = 0; i < SIZE; i++)
		f->bytes[i] = (uint8_t)(i * 7 + i / 256);
	f->header->magic = DBP_MAGIC;
	f->header->arena_bytes = 123456;
	memset(f->header->tool, 0, sizeof(f->header->tool));
	strcpy(f->header->tool, "dbconvert 1.2.3");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	temp_folder_remove(&f->folder);
	diag_free(&f->d);
	free(f);
	return 0;
}

/* A program that includes the header, twice, checks it, prints the bytes. */
static void write_program(struct fixture *f, const char *prefix,
			  const char *upper, const char *file)
{
	char text[2048];
	int n = snprintf(text, sizeof(text),
			 "#include \"model.h\"\n"
			 "#include \"model.h\"\n"
			 "#include <stdio.h>\n"
			 "#include <stddef.h>\n"
			 "int main(void)\n{\n"
			 "\tif (%s_ARENA_BYTES != 123456u ||\n"
			 "\t    sizeof(%s_dbp) != %s_DBP_LEN ||\n"
			 "\t    (size_t)%s_dbp %% 64)\n"
			 "\t\treturn 1;\n"
			 "\treturn fwrite(%s_dbp, 1, %s_DBP_LEN, stdout) !=\n"
			 "\t       %s_DBP_LEN;\n}\n",
			 upper, prefix, upper, prefix, prefix, upper, upper);

	assert_true(n > 0 && (size_t)n < sizeof(text));
	temp_write(&f->folder, file, text, (size_t)n);
}

static void compile_and_run(struct fixture *f, const char *compiler,
			    const char *file)
{
	char command[1024];
	size_t bytes;
	char *out;

	snprintf(command, sizeof(command),
		 "cd %s && %s -pedantic -Wall -Wextra -Werror -o program %s "
		 "&& ./program > out",
		 f->folder.path, compiler, file);
	if (system(command))
		fail_msg("%s", command);
	out = temp_read(&f->folder, "out", &bytes);
	assert_int_equal(bytes, SIZE);
	assert_memory_equal(out, f->bytes, SIZE);
	free(out);
}

static char *header_of(struct fixture *f, const char *name)
{
	const struct packed p = { .bytes = f->bytes,
				  .size = SIZE,
				  .file = f->bytes,
				  .file_size = SIZE,
				  .ram_bytes = 123456 };
	char *text = c_header_text(&p, name, &f->d);

	assert_non_null(text);
	temp_write(&f->folder, "model.h", text, strlen(text));
	return text;
}

static void test_every_name_compiles(void **state)
{
	static const struct {
		const char *name, *prefix, *upper;
	} rows[] = {
		{ "yolo", "yolo", "YOLO" },
		{ "int", "int", "INT" },
		{ "9x", "m_9x_bcc64303", "M_9X_BCC64303" },
		{ "a*/b", "a__b_0015283d", "A__B_0015283D" },
		{ "mod\xc3\xa8le", "mod__le_2cb90127", "MOD__LE_2CB90127" },
		{ "", "m__4fd0bfc1", "M__4FD0BFC1" },
		{ "_x", "m__x_bcb3fdc5", "M__X_BCB3FDC5" },
		{ "a\nb\\", "a_b__89db0545", "A_B__89DB0545" },
		{ "net \"v2\" 100%", "net__v2__100__a3a21ce1",
		  "NET__V2__100__A3A21CE1" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		free(header_of(f, rows[i].name));
		write_program(f, rows[i].prefix, rows[i].upper, "a.c");
		compile_and_run(f, "gcc -std=c99", "a.c");
		write_program(f, rows[i].prefix, rows[i].upper, "a.cc");
		compile_and_run(f, "g++ -std=c++11", "a.cc");
	}
}

static void test_other_standards(void **state)
{
	static const char *const compilers[] = {
		"gcc -std=c11",
		"gcc -std=gnu17 -O2",
		"clang -std=c99",
		"clang -std=c11",
	};
	struct fixture *f = *state;

	free(header_of(f, "yolo"));
	write_program(f, "yolo", "YOLO", "a.c");
	write_program(f, "yolo", "YOLO", "a.cc");
	for (size_t i = 0; i < sizeof(compilers) / sizeof(*compilers); i++)
		compile_and_run(f, compilers[i], "a.c");
	compile_and_run(f, "g++ -std=c++20", "a.cc");
}

/* Two models whose names differ in characters that C does not take, or in their
 * case, are in one program. */
static void test_two_headers(void **state)
{
	struct fixture *f = *state;
	char *text;
	char command[512];

	free(header_of(f, "a-b"));
	snprintf(command, sizeof(command), "mv %s/model.h %s/first.h",
		 f->folder.path, f->folder.path);
	assert_int_equal(system(command), 0);
	free(header_of(f, "a.b"));
	text = "#include \"first.h\"\n#include \"model.h\"\n#include "
	       "<stdio.h>\n"
	       "int main(void)\n{\n\treturn sizeof(%s_dbp) != sizeof(%s_dbp) "
	       "||\n"
	       "\t       fwrite(%s_dbp, 1, %s_DBP_LEN, stdout) != 3001;\n}\n";
	snprintf(command, sizeof(command), text, "a_b_e27efb9a", "a_b_e27bcb35",
		 "a_b_e27efb9a", "A_B_E27EFB9A");
	temp_write(&f->folder, "a.c", command, strlen(command));
	compile_and_run(f, "gcc -std=c99", "a.c");
	text = header_of(f, "Model");
	assert_non_null(strstr(text, "#ifndef Model_dbp_h\n"));
	free(text);
	text = header_of(f, "model");
	assert_non_null(strstr(text, "#ifndef MODEL_DBP_H\n"));
	free(text);
}

/* The names that a program needs stay short whatever the file's is. */
static void test_long_name(void **state)
{
	struct fixture *f = *state;
	char name[201], prefix[61], upper[61];

	memset(name, 'n', 200);
	name[200] = 0;
	memset(prefix, 'n', 51);
	memset(upper, 'N', 51);
	strcpy(prefix + 51, "_7a9b55da");
	strcpy(upper + 51, "_7A9B55DA");
	free(header_of(f, name));
	write_program(f, prefix, upper, "a.c");
	compile_and_run(f, "gcc -std=c99", "a.c");
}

static void test_sizes_and_maker(void **state)
{
	struct fixture *f = *state;
	char *text = header_of(f, "x");

	assert_non_null(strstr(text, "#define X_DBP_LEN 3001u\n"));
	assert_non_null(strstr(text, "#define X_ARENA_BYTES 123456u\n"));
	assert_non_null(strstr(text, "dbconvert 1.2.3"));
	free(text);
}

/* The same text every time, of lines that editors and compilers like. */
static void test_form(void **state)
{
	struct fixture *f = *state;
	char *a = header_of(f, "x"), *b = header_of(f, "x");
	size_t column = 0;

	assert_string_equal(a, b);
	assert_true(strlen(a) < 4 * SIZE + 1000);
	for (const char *c = a; *c; c++) {
		assert_true((*c >= ' ' && *c < 127) || *c == '\n' ||
			    *c == '\t');
		column = *c == '\n' ? 0 : column + 1;
		assert_true(column <= 100);
	}
	free(a);
	free(b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_every_name_compiles), TEST(test_other_standards),
		TEST(test_two_headers),         TEST(test_long_name),
		TEST(test_sizes_and_maker),     TEST(test_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

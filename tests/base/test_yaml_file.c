/* SPDX-License-Identifier: Apache-2.0 */
/* YAML files that are no files, or ask for much time or memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/yaml_file.h"
#include "tests/support/temp_folder.h"

/* Parses `head`, then `part` so many times. */
static void check_repeated(const char *head, const char *part, size_t count,
			   const char *message)
{
	size_t first = strlen(head), each = strlen(part);
	char *text = malloc(first + count * each + 1);
	struct yaml_file f;
	struct diag d;

	assert_non_null(text);
	memcpy(text, head, first);
	for (size_t i = 0; i < count; i++)
		memcpy(text + first + i * each, part, each);
	text[first + count * each] = '\0';
	diag_init(&d);
	if (message) {
		assert_int_equal(yaml_file_parse(&f, "x.yaml", text, &d), -1);
		assert_int_equal(d.count, 1);
		assert_string_equal(d.entries[0].text, message);
		assert_false(f.open);
	} else {
		assert_int_equal(yaml_file_parse(&f, "x.yaml", text, &d), 0);
	}
	yaml_file_close(&f);
	diag_free(&d);
	free(text);
}

static void test_limits(void **state)
{
	(void)state;
	check_repeated("a: ", "[", 500000, "x.yaml:1: is nested too deeply");
	check_repeated("", "? ", 500000, "x.yaml:1: is nested too deeply");
	check_repeated("a:\n", "- &x 1\n", 100000,
		       "x.yaml:258: has too many anchors and aliases");
	check_repeated("a: &x [1]\nb:\n", "- *x\n", 100000,
		       "x.yaml:258: has too many anchors and aliases");
	check_repeated("a:\n", "- 1\n", 300000,
		       "x.yaml:199999: has too many entries");
	check_repeated("a: ", "x", 100000,
		       "x.yaml:1: has a text that is too long");
	check_repeated("a:\n", "- 1\n", 70000, NULL);
	check_repeated("a: 1\n", "", 0, NULL);
	/* parsed well, and closed again */
	check_repeated("- 1\n", "", 0, "x.yaml:1: expected 'key: value' lines");
}

static void test_no_file(void **state)
{
	struct temp_folder folder;
	char path[TEMP_PATH_MAX];
	struct yaml_file f;
	struct diag d;

	(void)state;
	temp_folder_make(&folder);
	temp_path(&folder, "x.yaml", path);
	diag_init(&d);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(yaml_file_read(&f, path, &d), -1);
	assert_non_null(strstr(d.entries[0].text, ": is a pipe, not a file"));
	assert_int_equal(yaml_file_read(&f, folder.path, &d), -1);
	assert_non_null(strstr(d.entries[1].text, ": is a directory"));
	assert_int_equal(yaml_file_read(&f, "/dev/zero", &d), -1);
	assert_string_equal(d.entries[2].text,
			    "/dev/zero: is a device, not a file");
	temp_write(&folder, "empty.yaml", "", 0);
	temp_path(&folder, "empty.yaml", path);
	assert_int_equal(yaml_file_read(&f, path, &d), 0);
	assert_null(yaml_file_root(&f));
	yaml_file_close(&f);
	diag_free(&d);
	temp_folder_remove(&folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file_write.h"
#include "tests/support/temp_folder.h"

struct folder {
	struct temp_folder folder;
	struct diag d;
	char path[TEMP_PATH_MAX];
};

static int setup(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	temp_folder_make(&f->folder);
	temp_path(&f->folder, "model.dbp", f->path);
	diag_init(&f->d);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct folder *f = *state;

	chmod(f->folder.path, 0755);
	temp_folder_remove(&f->folder);
	diag_free(&f->d);
	free(f);
	return 0;
}

static void expect_content(const struct folder *f, const char *text)
{
	size_t bytes;
	char *file = temp_read(&f->folder, "model.dbp", &bytes);

	assert_non_null(file);
	assert_int_equal(bytes, strlen(text));
	assert_string_equal(file, text);
	free(file);
}

static void expect_message(const struct folder *f, const char *path,
			   const char *what)
{
	const char *text;

	assert_int_equal(f->d.count, 1);
	text = f->d.entries[0].text;
	if (!strstr(text, path) || !strstr(text, what))
		fail_msg("'%s' and '%s' are not in '%s'", path, what, text);
}

static void test_replaces_the_whole_file(void **state)
{
	struct folder *f = *state;

	assert_int_equal(file_write_atomic(f->path, "longer text", 11, &f->d),
			 0);
	expect_content(f, "longer text");
	assert_int_equal(file_write_atomic(f->path, "short", 5, &f->d), 0);
	expect_content(f, "short");
	assert_int_equal(file_write_atomic(f->path, "", 0, &f->d), 0);
	expect_content(f, "");
	assert_int_equal(temp_count(&f->folder), 1);
	assert_int_equal(f->d.count, 0);
}

static void test_large(void **state)
{
	const size_t bytes = (size_t)5 << 20;
	struct folder *f = *state;
	uint8_t *data = malloc(bytes);
	size_t got;
	char *file;

	for (size_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	assert_int_equal(file_write_atomic(f->path, data, bytes, &f->d), 0);
	file = temp_read(&f->folder, "model.dbp", &got);
	assert_int_equal(got, bytes);
	assert_memory_equal(file, data, bytes);
	free(file);
	free(data);
}

static void test_mode_follows_the_umask(void **state)
{
	static const mode_t masks[] = { 022, 077, 0, 0137 };
	struct folder *f = *state;

	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
		mode_t former = umask(masks[i]);
		struct stat st;

		assert_int_equal(file_write_atomic(f->path, "x", 1, &f->d), 0);
		assert_int_equal(umask(former), masks[i]);
		assert_int_equal(stat(f->path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0666 & ~masks[i]);
	}
}

/* A reader of the old file keeps it; a link is replaced, not its target. */
static void test_other_names_stay(void **state)
{
	struct folder *f = *state;
	char other[TEMP_PATH_MAX];
	size_t bytes;
	char *file;

	temp_write(&f->folder, "other", "old", 3);
	assert_int_equal(
		symlink(temp_path(&f->folder, "other", other), f->path), 0);
	assert_int_equal(file_write_atomic(f->path, "new", 3, &f->d), 0);
	expect_content(f, "new");
	file = temp_read(&f->folder, "other", &bytes);
	assert_string_equal(file, "old");
	free(file);
}

static void test_relative_and_long_names(void **state)
{
	struct folder *f = *state;
	char name[256], path[TEMP_PATH_MAX], *former = getcwd(NULL, 0);

	memset(name, 'n', sizeof(name) - 1);
	name[255] = 0;
	temp_path(&f->folder, name, path);
	assert_int_equal(file_write_atomic(path, "x", 1, &f->d), 0);
	assert_int_equal(chdir(f->folder.path), 0);
	assert_int_equal(file_write_atomic("model.dbp", "here", 4, &f->d), 0);
	assert_int_equal(chdir(former), 0);
	free(former);
	expect_content(f, "here");
	assert_int_equal(temp_count(&f->folder), 2);
}

static void test_a_folder_is_in_the_way(void **state)
{
	struct folder *f = *state;

	temp_write(&f->folder, "model.dbp/inside", "x", 1);
	assert_int_equal(file_write_atomic(f->path, "x", 1, &f->d), -1);
	expect_message(f, f->path, "directory");
	assert_int_equal(temp_count(&f->folder), 1);
}

static void test_no_such_folder(void **state)
{
	struct folder *f = *state;
	char path[TEMP_PATH_MAX];

	temp_path(&f->folder, "none/model.dbp", path);
	assert_int_equal(file_write_atomic(path, "x", 1, &f->d), -1);
	expect_message(f, path, "No such file");
	assert_int_equal(temp_count(&f->folder), 0);
}

/* Runs body() in a child, and gives what it returns. */
static int in_child(int (*body)(struct folder *f), struct folder *f)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(body(f));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* 1: refused with the right message; root may write everywhere. */
static int write_as_nobody(struct folder *f)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
		return 2;
	if (file_write_atomic(f->path, "new", 3, &f->d) == 0)
		return 0;
	return strstr(f->d.entries[0].text, "Permission denied") ? 1 : 3;
}

static void test_folder_without_permission(void **state)
{
	struct folder *f = *state;

	temp_write(&f->folder, "model.dbp", "old", 3);
	chmod(f->folder.path, 0555);
	assert_int_equal(in_child(write_as_nobody, f), 1);
	expect_content(f, "old");
	assert_int_equal(temp_count(&f->folder), 1);
	chmod(f->folder.path, 0777);
	assert_int_equal(in_child(write_as_nobody, f), 0);
	expect_content(f, "new");
}

/* The disk is full after 4096 bytes. */
static int write_too_much(struct folder *f)
{
	static const char data[16384];
	struct rlimit limit = { 4096, 4096 };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit))
		return 2;
	if (file_write_atomic(f->path, data, sizeof(data), &f->d) == 0)
		return 0;
	return strstr(f->d.entries[0].text, "too large") ? 1 : 3;
}

static void test_no_room(void **state)
{
	struct folder *f = *state;

	temp_write(&f->folder, "model.dbp", "old", 3);
	assert_int_equal(in_child(write_too_much, f), 1);
	expect_content(f, "old");
	assert_int_equal(temp_count(&f->folder), 1);
}

#define ROUNDS 40
#define BLOCK 65536

static int write_in_turn(struct folder *f)
{
	static char data[BLOCK];

	for (int i = 0; i < ROUNDS; i++) {
		memset(data, 'a' + i % 2, sizeof(data));
		if (file_write_atomic(f->path, data, sizeof(data), &f->d))
			return 1;
	}
	return 0;
}

/* Whoever reads meanwhile sees one content or the other, all of it. */
static void test_readers_see_whole_files(void **state)
{
	struct folder *f = *state;
	int status = 0;
	pid_t child;

	assert_int_equal(write_in_turn(f), 0);
	child = fork();
	if (child == 0)
		_exit(write_in_turn(f));
	while (waitpid(child, &status, WNOHANG) == 0) {
		size_t bytes;
		char *file = temp_read(&f->folder, "model.dbp", &bytes);

		assert_non_null(file);
		assert_int_equal(bytes, BLOCK);
		assert_int_equal(memcmp(file, file + 1, BLOCK - 1), 0);
		free(file);
	}
	assert_int_equal(status, 0);
	assert_int_equal(temp_count(&f->folder), 1);
}

/* One that cannot be written: none is. */
static void test_all_or_none(void **state)
{
	struct folder *f = *state;
	char folder[TEMP_PATH_MAX], second[TEMP_PATH_MAX];
	struct file_out files[2] = { { f->path, "first", 5 },
				     { second, "second", 6 } };

	temp_path(&f->folder, "folder", folder);
	assert_int_equal(mkdir(folder, 0755), 0);
	temp_path(&f->folder, "no/second", second);
	assert_int_equal(files_write(files, 2, &f->d), -1);
	assert_int_equal(temp_count(&f->folder), 1);
	temp_path(&f->folder, "folder", second);
	assert_int_equal(files_write(files, 2, &f->d), -1);
	assert_int_equal(temp_count(&f->folder), 1);
	temp_path(&f->folder, "second", second);
	assert_int_equal(files_write(files, 2, &f->d), 0);
	assert_int_equal(temp_count(&f->folder), 3);
	expect_content(f, "first");
}

/* A device, a pipe, and a link to a device stay what they are. */
static void test_no_regular_file(void **state)
{
	struct folder *f = *state;
	struct stat st;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(file_write_atomic(f->path, "x", 1, &f->d), -1);
	expect_message(f, f->path, "it is a pipe, not a file");
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	diag_free(&f->d);
	diag_init(&f->d);
	unlink(f->path);
	assert_int_equal(symlink("/dev/null", f->path), 0);
	assert_int_equal(file_write_atomic(f->path, "x", 1, &f->d), -1);
	expect_message(f, f->path, "it is a device, not a file");
	assert_int_equal(temp_count(&f->folder), 1);
}

static void test_stale_files_are_removed(void **state)
{
	static const char *const names[] = { ".dbconvert.abcdef",
					     ".dbconvert.new000",
					     ".dbconvert.yaml" };
	const struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	struct folder *f = *state;
	char path[TEMP_PATH_MAX];

	for (int i = 0; i < 3; i++) {
		temp_write(&f->folder, names[i], "old", 3);
		temp_path(&f->folder, names[i], path);
		if (i != 1)
			assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	}
	assert_int_equal(file_write_atomic(f->path, "x", 1, &f->d), 0);
	assert_int_equal(temp_count(&f->folder), 3);
	temp_path(&f->folder, names[0], path);
	assert_int_equal(access(path, F_OK), -1);
}

/* Asked to end again and again while it writes. */
static int write_until_ended(struct folder *f)
{
	static const char data[BLOCK];
	char second[TEMP_PATH_MAX];
	struct file_out files[2] = { { f->path, data, sizeof(data) },
				     { second, data, sizeof(data) } };

	temp_path(&f->folder, "model.h", second);
	for (;;)
		if (files_write(files, 2, &f->d))
			return 1;
}

static void test_signals_leave_nothing(void **state)
{
	struct folder *f = *state;
	int status;

	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(write_until_ended(f));
		usleep(5000 + 700 * (useconds_t)i);
		kill(child, i % 2 ? SIGTERM : SIGINT);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_in_set(temp_count(&f->folder),
			      ((const uintmax_t[]){ 0, 2 }), 2);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_replaces_the_whole_file),
		TEST(test_large),
		TEST(test_mode_follows_the_umask),
		TEST(test_other_names_stay),
		TEST(test_relative_and_long_names),
		TEST(test_a_folder_is_in_the_way),
		TEST(test_no_such_folder),
		TEST(test_folder_without_permission),
		TEST(test_no_room),
		TEST(test_readers_see_whole_files),
		TEST(test_all_or_none),
		TEST(test_no_regular_file),
		TEST(test_stale_files_are_removed),
		TEST(test_signals_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

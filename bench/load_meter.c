#include "load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_PROCESSES = 4096 };

struct process {
    pid_t pid, parent;
};

/* /proc/PID/stat: "pid (name, which may hold anything) state parent ..." */
static bool read_parent(pid_t pid, pid_t *parent)
{
    char path[64], text[512];
    const char *behind_name;
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    file = fopen(path, "r");
    if (!file)
        return false;
    len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = 0;
    behind_name = strrchr(text, ')');
    return behind_name && sscanf(behind_name + 1, " %*c %d", parent) == 1;
}

static size_t list_processes(struct process *all)
{
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    size_t count = 0;

    while (directory && count < MAX_PROCESSES && (entry = readdir(directory)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && read_parent(pid, &all[count].parent))
            all[count++].pid = pid;
    }
    if (directory)
        closedir(directory);
    return count;
}

/* The process and its descendants. */
static size_t list_tree(pid_t root, pid_t *tree)
{
    static struct process all[MAX_PROCESSES];
    size_t total = list_processes(all), count = 0;

    tree[count++] = root;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < total && count < MAX_PROCESSES; i++)
            if (all[i].parent == tree[k])
                tree[count++] = all[i].pid;
    return count;
}

static double microseconds_of(clockid_t clock)
{
    struct timespec time;

    if (clock_gettime(clock, &time) != 0)
        return -1;
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double read_pss(pid_t pid)
{
    char path[64], line[256];
    double kib, bytes = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    file = fopen(path, "r");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %lf", &kib) == 1)
            bytes = kib * 1024;
    fclose(file);
    return bytes;
}

struct cost meter_read(pid_t root)
{
    static pid_t tree[MAX_PROCESSES];
    struct cost cost = {0};
    size_t count = root ? list_tree(root, tree) : 0;

    for (size_t i = 0; i < count; i++) {
        clockid_t clock;
        double cpu;

        if (clock_getcpuclockid(tree[i], &clock) != 0 || (cpu = microseconds_of(clock)) < 0)
            continue; /* it has ended meanwhile */
        cost.processes++;
        cost.cpu += cpu;
        cost.pss += read_pss(tree[i]);
    }
    if (root && cost.processes == 0)
        load_fail("there is no process %d", root);
    return cost;
}

double meter_own_cpu(void)
{
    return microseconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

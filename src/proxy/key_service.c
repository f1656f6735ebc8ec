#include "proxy/key_service.h"

#include "base/alloc.h"
#include "proxy/key_service_types.h"

bool key_service_ask(struct key_service *service, struct connection_ticket ticket,
                     const struct tls_key_request *request, enum key_patience patience)
{
    /* Before the question is written down: its session would stay where nobody wipes it. */
    return service->kind->wake(service, patience) && key_questions_add(&service->questions, ticket, request);
}

void key_service_hurry(struct key_service *service)
{
    (void)!service->kind->wake(service, KEY_AT_ONCE); /* without memory: when those that may wait go by themselves */
}

size_t key_service_waiting(const struct key_service *service)
{
    size_t count = key_questions_count(&service->questions);

    for (enum key_haste haste = 0; haste < KEY_HASTES; haste++)
        count += service->kind->asked(service, haste);
    return count;
}

size_t key_service_private_keys_waiting(const struct key_service *service)
{
    return service->questions.lines[KEY_HASTE_PRIVATE_KEYS].count +
           service->kind->asked(service, KEY_HASTE_PRIVATE_KEYS);
}

void key_service_free(struct key_service *service)
{
    if (!service)
        return;
    key_questions_free(&service->questions);
    service->kind->free(service);
    memory_free(service);
}

void key_service_set_gate(struct key_service *service, key_may_go *may_go)
{
    service->may_go = may_go;
}

uint64_t key_service_cost(const struct key_service *service)
{
    return service->cost;
}

uint64_t key_service_cost_elsewhere(const struct key_service *service)
{
    return service->cost_elsewhere;
}

uint64_t key_service_wait(const struct key_service *service)
{
    return service->wait;
}

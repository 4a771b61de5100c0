-- one row per entity of a system that is read through its API; recorded_at: when it was read last, news or not
create table ops.cursors (
    source text not null,
    entity text not null,
    cursor jsonb not null,
    recorded_at timestamptz not null,
    primary key (source, entity)
);

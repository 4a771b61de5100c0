-- what somebody is typing about a customer, one per form: still there when the page was reloaded, gone once recorded
create table ops.desk_drafts (
    person text not null,
    customer_id text not null,
    form text not null,
    -- made when the form opened: recording it twice does one thing
    action_id uuid not null,
    -- the version of the customer's file that the form was drawn with
    seen bigint not null,
    fields jsonb not null default '{}',
    changed_at timestamptz not null,
    primary key (person, customer_id, form)
);
create index desk_drafts_changed on ops.desk_drafts (changed_at);

grant select, insert, update, delete on ops.desk_drafts to :"desk";
grant select, delete on ops.desk_drafts to :"campaign";

//! Installations. `transport` is sealed; `resting_status` is where one rests while it is processing.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace_connectors")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub pk: i64,
    pub workspace_connector_id: Uuid,
    pub workspace_pk: i64,
    pub connector_pk: i64,
    pub name: String,
    pub status: String,
    pub resting_status: Option<String>,
    pub transport: Option<Vec<u8>>,
    pub address: String,
    pub secrets_set: Option<Json>,
    pub installed_capabilities: Option<Json>,
    pub schedule_minutes: Option<i32>,
    pub paused: bool,
    pub supported_target_models: Option<Json>,
    pub last_success_at: Option<DateTimeUtc>,
    pub next_run_at: Option<DateTimeUtc>,
    pub next_run: Option<Json>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
    pub grant_sealed: Option<Vec<u8>>,
    pub grant_generation: i64,
    pub grant_lease_until: Option<DateTimeUtc>,
    pub flow_sealed: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
